import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import { KcharmError } from '../../../lib/errors/index.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import type { EditObject } from '../../../lib/host/edit.ts'
import { judgeWait, later, runStage, type StageState } from '../../../lib/testing/index.ts'
import { archive, CONFIG, handler, machine, V2 } from './machine.ts'

describe('inspecting', () => {
  test('a common machine is let through', () => {
    expect(runStage(containerd, 'inspecting', machine())).toEqual({})
  })

  test.each<[string, StageState, RegExp]>([
    ['k0s', machine({ 'containerd:flavour': 'k0s' }), /belongs to k0s/],
    ['MicroK8s', machine({ 'containerd:flavour': 'microk8s' }), /belongs to microk8s/],
    [
      'k3s at rest',
      machine({ 'containerd:flavour': 'k3s', 'containerd:rancher': undefined }),
      /but not its containerd/,
    ],
    ['schema 1', machine({ [`text:${CONFIG}`]: 'version = 1\n' }), /is of schema 1/],
    ['no version', machine({ [`text:${CONFIG}`]: '[plugins]\n' }), /has no `version` line/],
    ['CRI disabled', machine({ [`text:${CONFIG}`]: 'version = 2\ndisabled_plugins = ["cri"]\n' }), /disables CRI/],
    ['an archive that is not given', machine({}, { config: { source: 'archive' } }), /has no file/],
    ['an archive, and no runc', machine({ 'containerd:runc': false }, archive), /no runc/],
    [
      'another archive than installed',
      machine({}, { ...archive, version: '2.3.6' }),
      /2\.3\.6 is installed, and 2\.3\.7/,
    ],
    [
      'an import that is not there',
      machine({
        [`text:${CONFIG}`]: 'version = 2\nimports = ["/a.toml"]\n',
        'containerd:imports:/a.toml': ['/a.toml'],
      }),
      /imports \/a\.toml, which is not there/,
    ],
  ])('%s is refused, with the way out', (_name, state, words) => {
    const { blocked } = runStage(containerd, 'inspecting', state)
    expect(blocked?.message).toMatch(words)
    expect(blocked?.hint).not.toBe('')
  })

  test('a file that is not TOML is refused with its place', () => {
    const state = machine({ [`text:${CONFIG}`]: 'version = 2\n[plugins\n' })
    expect(() => runStage(containerd, 'inspecting', state)).toThrow(KcharmError)
    expect(() => runStage(containerd, 'inspecting', state)).toThrow(/config\.toml:\d+:\d+/)
  })

  test('a configuration that is yet to come with the package is not judged', () => {
    const fresh = machine({ 'pkg:containerd': { state: 'none' }, [`text:${CONFIG}`]: '' })
    expect(runStage(containerd, 'inspecting', fresh)).toEqual({})
  })
})

describe('installing', () => {
  test('auto wants the package that is there, else the distribution’s, and leaves a hand-made one alone', () => {
    const names = (state: StageState) =>
      runStage(containerd, 'installing', state).objects?.map((each) => 'name' in each && each.name)
    expect(names(machine())).toEqual(['containerd'])
    const docker = {
      'pkg:containerd': { state: 'none' },
      'pkg:containerd.io': { state: 'installed', version: '2.1.0-1' },
    }
    expect(names(machine(docker))).toEqual(['containerd.io'])
    const none = { 'pkg:containerd': { state: 'none' } }
    expect(names(machine(none))).toEqual(['containerd'])
    expect(names(machine({ ...none, 'containerd:version': '1.7.2' }))).toEqual([])
  })

  test('an archive is a tree, links and a unit file', () => {
    const kinds = runStage(containerd, 'installing', machine({}, archive)).objects?.map((each) => each.kind)
    expect(kinds).toEqual(['directory', 'archive', 'link', 'link', 'link', 'file'])
  })
})

describe('configuring', () => {
  const related = { peers: { handlers: [{ handlers: [handler] }] } }

  test('1.x is edited in place, and the edit is idempotent', () => {
    const [edit, service] = runStage(containerd, 'configuring', machine({}, related)).objects ?? []
    const once = (edit as EditObject).fn(V2)
    expect(once).toContain('runtimes.kata-qemu]')
    expect((edit as EditObject).fn(once)).toBe(once)
    expect(service).toMatchObject({ kind: 'service', name: 'containerd' })
  })

  test('2.x gets a drop-in of the main file’s own version, and the import', () => {
    const state = machine({ 'pkg:containerd': { state: 'installed', version: '2.1.4' } }, related)
    const objects = runStage(containerd, 'configuring', state).objects ?? []
    const dropIn = objects.find((each): each is FileObject => each.kind === 'file')
    const text = dropIn && typeof dropIn.text === 'function' ? dropIn.text() : dropIn?.text
    expect(text).toMatch(/^version = 2$/m)
    expect(text).toContain('io.containerd.grpc.v1.cri')
    const edit = objects.find((each): each is EditObject => each.kind === 'edit')
    expect(edit?.fn(V2)).toContain('imports = ["/etc/containerd/conf.d/*.toml"]')
  })

  /** kata.md section 9: kata#13141. An undo goes backwards: the import before the file. */
  test('the import comes after its file, and so goes before it', () => {
    const state = machine({ 'pkg:containerd': { state: 'installed', version: '2.1.4' } }, related)
    const kinds = (runStage(containerd, 'configuring', state).objects ?? []).map(({ kind }) => kind)
    expect(kinds).toEqual(['directory', 'directory', 'file', 'edit', 'service'])
  })

  /** kata.md section 9: nydus-snapshotter#631, kata#12724 (containerd's metadata and a snapshotter's data belong together). */
  test('nothing that is made lies where snapshotters keep their data', () => {
    const objects = ['installing', 'configuring'].flatMap(
      (stage) => runStage(containerd, stage, machine({}, related)).objects ?? [],
    )
    const paths = objects.flatMap((object) => ('path' in object ? [object.path] : []))
    expect(paths).not.toEqual([])
    expect(paths.filter((path) => /^\/(var\/lib|run)\//.test(path))).toEqual([])
  })

  test('what the package will bring is known later', () => {
    const state = machine({ 'pkg:containerd': later('once it is installed') }, related)
    expect(() => runStage(containerd, 'configuring', state)).toThrow('once it is installed')
  })

  test.each([
    ['auto', true, true],
    ['auto', false, false],
    ['true', false, true],
    ['false', true, false],
  ])('restrict_oom_score_adj %s where the capability is missing: %s', (choice, lacks, set) => {
    const state = machine({ 'containerd:capabilities': lacks }, { config: { restrict_oom_score_adj: choice } })
    const [edit] = runStage(containerd, 'configuring', state).objects ?? []
    expect((edit as EditObject).fn(V2).includes('restrict_oom_score_adj = true')).toBe(set)
  })
})

describe('proving', () => {
  const related = { peers: { handlers: [{ handlers: [handler] }] } }
  const ok = { id: 'io.containerd.grpc.v1.cri', status: 'ok' }
  const [health, loaded] = runStage(containerd, 'proving', machine({}, related)).checks ?? []

  test.each([
    [{ plugins: [], runtime: 'ready' }, /no CRI plugin/],
    [{ plugins: [{ ...ok, status: 'error' }], runtime: 'ready' }, /is in state error/],
    [{ plugins: [ok], runtime: 'not ready' }, /RuntimeReady is not ready/],
    [{ plugins: [ok], runtime: 'unknown' }, /none of perl, python3 and crictl/],
  ])('%j is not healthy', (value, words) => {
    expect(health?.verdict(value)).toMatch(words)
  })

  test('healthy, and the handler in the effective configuration', () => {
    expect(health?.verdict({ plugins: [ok], runtime: 'ready' })).toBeUndefined()
    expect(loaded?.verdict('version = 2\n')).toContain('kata-qemu missing')
    const dump =
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata-qemu]\nruntime_type = "x"\n'
    expect(loaded?.verdict(dump)).toBeUndefined()
  })
})

describe('waits and the way out', () => {
  test('handlers on their way are waited for', () => {
    expect(judgeWait(containerd, 'handlers', { peers: { handlers: [undefined] } })).toBe(false)
    expect(judgeWait(containerd, 'handlers', { peers: { handlers: [{ handlers: [] }] } })).toBe(true)
    expect(judgeWait(containerd, 'handlers')).toBe(true)
  })

  test('released only when every handler was withdrawn', () => {
    expect(judgeWait(containerd, 'released', { peers: { handlers: [{ handlers: [handler] }] } })).toBe(false)
    expect(judgeWait(containerd, 'released', { peers: { handlers: [{ handlers: [] }] } })).toBe(true)
  })

  test('before a write, handlers are announced as wired; they count as loaded only once proved', () => {
    const out = runStage(containerd, 'announcing', machine({}, { peers: { handlers: [{ handlers: [handler] }] } }))
    expect(out.publish?.['handlers']).toMatchObject({ wired: ['kata-qemu'], loaded: [] })
  })

  test('a daemon of ours is not taken from under running containers', () => {
    const ours = { holds: ['svc:containerd', 'pkg:containerd'] }
    expect(runStage(containerd, 'unwiring', machine({ 'containerd:tasks': 2 }, ours)).blocked?.message).toContain(
      '2 containers',
    )
    expect(runStage(containerd, 'unwiring', machine({}, ours)).blocked).toBeUndefined()
  })
})
