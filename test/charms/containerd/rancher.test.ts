import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import { flavour } from '../../../charms/containerd/observe.ts'
import { rancherReading } from '../../../charms/containerd/rancher.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { blob, fileText, handler, machine, objectsOf } from './machine.ts'
import { readFixtures } from './toml/fixtures.ts'

const related = { peers: { handlers: [{ handlers: [{ ...handler, snapshotter: 'nydus' }] }] } }
const HOME = '/var/lib/rancher/k3s/agent/etc/containerd'
const DROP_IN = `${HOME}/config-v3.toml.d/50-kcharm.toml`
const TEXT = `version = 3\nimports = ["${HOME}/config-v3.toml.d/*.toml"]\n`
const K3S = { flavour: 'k3s', service: 'k3s-agent', version: '2.1.4', text: TEXT }

function k3s(more: Partial<typeof K3S> = {}, rest: StageState = {}): StageState {
  return machine({ 'containerd:flavour': 'k3s', 'containerd:rancher': { ...K3S, ...more } }, rest)
}

function refusal(state: StageState): string | undefined {
  const { blocked } = runStage(containerd, 'inspecting', state)
  expect(blocked === undefined || (blocked.hint ?? '') !== '').toBe(true)
  return blocked?.message
}

describe('whose containerd it is', () => {
  type Shown = [name: string, active: string, enabled: string]
  /** As `systemctl show` of several units. */
  const shown = (units: Shown[]) =>
    units.map(([name, a, e]) => `Id=${name}.service\nActiveState=${a}\nUnitFileState=${e}`).join('\n\n')
  const none: Shown = ['k3s', 'inactive', '']

  test.each<[string, Shown[], string | undefined]>([
    ['nobody else’s', [none, ['rke2-server', 'inactive', ''], ['k0sworker', 'failed', 'disabled']], undefined],
    ['one that runs', [none, ['k3s-agent', 'active', 'disabled']], 'k3s'],
    ['one that reloads', [none, ['rke2-agent', 'reloading', 'disabled']], 'rke2'],
    ['one that will run', [none, ['k0scontroller', 'inactive', 'enabled']], 'k0s'],
    ['one that always runs', [none, ['snap.microk8s.daemon-containerd', 'failed', 'static']], 'microk8s'],
    ['a masked one', [['k3s', 'inactive', 'masked']], undefined],
  ])('%s', (_, units, which) => {
    expect(flavour.parse(shown(units))).toBe(which)
  })

  test('a machine without systemd', () => {
    expect(flavour.parse('')).toBeUndefined()
  })
})

describe('what it says', () => {
  test('is read as one frame', () => {
    const frame = `k3s k3s-agent v2.1.4-k3s2\n${Buffer.from(TEXT)
      .toString('base64')
      .replace(/(.{20})/g, '$1\n')}`
    expect(rancherReading.parse(frame)).toEqual(K3S)
    expect(rancherReading.parse('')).toBeUndefined()
    expect(rancherReading.parse('k3s k3s \n')).toBeUndefined()
  })
})

describe('k3s', () => {
  test('gets a drop-in in its own folder, and nothing else is touched', () => {
    const objects = objectsOf('configuring', k3s({}, related))
    expect(objects.map((each) => ('path' in each ? each.path : 'name' in each ? each.name : each.kind))).toEqual([
      `${HOME}/config-v3.toml.d`,
      DROP_IN,
      'k3s-agent',
    ])
    const text = fileText(objects, DROP_IN)
    expect(text).toMatch(/^version = 3$/m)
    expect(text).toContain('[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.kata-qemu]')
    expect(text?.match(/snapshotter = "nydus"/g)).toHaveLength(2)
    expect(objects.at(-1)).toMatchObject({ kind: 'service', reads: [{ key: `file:${DROP_IN}` }] })
    expect(objectsOf('installing', k3s())).toEqual([])
    expect(runStage(containerd, 'unwiring', k3s())).toEqual({})
  })

  test('is judged by its own daemon, before and after', () => {
    const file = objectsOf('configuring', k3s({}, related)).find((each) => each.kind === 'file')
    expect(file?.validate?.argv[0]).toBe('/var/lib/rancher/k3s/data/current/bin/containerd')
    const out = runStage(containerd, 'proving', k3s({}, related))
    expect(out.checks?.map(({ reading }) => reading.key)).toEqual([
      'containerd:cri:/var/lib/rancher/k3s/data/current/bin',
      'containerd:dump:/var/lib/rancher/k3s/data/current/bin',
      'containerd:dump:/var/lib/rancher/k3s/data/current/bin',
    ])
    expect(out.checks?.[0]?.reading.script).toContain('/run/k3s/containerd/containerd.sock')
    expect(out.publish?.['handlers']).toMatchObject({ socket: 'unix:///run/k3s/containerd/containerd.sock' })
    expect(out.message).toBe('containerd 2.1.4 of k3s-agent, handlers kata-qemu')
  })

  test.each<[string, StageState, RegExp]>([
    ['an older one, which imports no folder', k3s({ text: 'version = 3\n' }), /does not import .*config-v3\.toml\.d/],
    ['one with containerd 1.x', k3s({ version: '1.7.24', text: 'version = 2\n' }), /merges no drop-ins/],
    [
      'what it decides itself',
      k3s({}, { config: { systemd_cgroup: 'true', limit_nofile: '1' } }),
      /systemd_cgroup, limit_nofile itself/,
    ],
    ['a resource', k3s({}, { resources: { containerd: blob } }), /the resource containerd itself/],
  ])('%s is refused, with the way out', (_name, state, words) => {
    expect(refusal(state)).toMatch(words)
  })

  test('is let through where the folder is imported', () => {
    expect(refusal(k3s({}, related))).toBeUndefined()
  })
})

test.each(['66-v3-rke2-rendered'].flatMap((name) => [...readFixtures()].filter(([each]) => each === name)))(
  '%s, as RKE2 renders it, takes a handler beside its own',
  (_name, text) => {
    const rke2 = { flavour: 'rke2', service: 'rke2-server', version: '2.1.4', text }
    const state = machine({ 'containerd:flavour': 'rke2', 'containerd:rancher': rke2 }, related)
    expect(refusal(state)).toBeUndefined()
    const [folder] = objectsOf('configuring', state)
    expect(folder).toMatchObject({ path: '/var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.d' })
  },
)
