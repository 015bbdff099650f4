import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import type { Manager } from '../../../lib/host/package-manager.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { fit } from './machine.ts'

const NAMES = { dnf: 'kata-containers', zypper: 'katacontainers' }
const KEY = { 'repository-key': { sha256: 'b'.repeat(64), size: 1, from: '/x', name: 'key.asc' } }
const REPOSITORY = { url: 'https://packages.example/kata' }

/** A machine whose package sources offer one version, or whose package is there in one. */
interface Has {
  manager: Manager | undefined
  offered?: string
  installed?: string
}

function on({ manager, offered, installed }: Has, config: Record<string, unknown> = {}, resources = {}): StageState {
  const name = manager === 'dnf' || manager === 'zypper' ? NAMES[manager] : 'none'
  const observed = {
    'kata:fitness:/opt/kata::65536': fit,
    'kata:sandboxes': [],
    'machine:package-manager': manager,
    [`pkg:${manager}/${name}`]: installed ? { state: 'installed', version: installed } : { state: 'none' },
    [`${manager}:${name}`]: offered ? { [name]: offered } : {},
  }
  return { config: { source: 'package', ...config }, resources, observed }
}

function refusal(state: StageState): { message: string; hint?: string } | undefined {
  return runStage(kata, 'preflight', state).blocked
}

describe('source: package', () => {
  test.each([
    ['dnf', 'kata-containers', '/usr/share/kata-containers/defaults/configuration.toml'],
    ['zypper', 'katacontainers', '/usr/share/defaults/kata-containers/configuration.toml'],
  ] as const)('%s: the package, and a handler that names its shim and its configuration', (manager, name, config) => {
    const state = on({ manager, offered: '3.7.0-1' })
    expect(refusal(state)).toBeUndefined()
    expect(runStage(kata, 'unpacking', state).objects).toEqual([{ kind: 'package', name, manager, held: false }])
    const published = runStage(kata, 'configuring', state).publish?.['runtime'] as unknown as { handlers: object[] }
    expect(published.handlers).toMatchObject([{ runtimePath: '/usr/bin/containerd-shim-kata-v2', configPath: config }])
    expect(runStage(kata, 'proving', state)).toMatchObject({
      version: '3.7.0',
      message: 'Kata 3.7.0, handlers kata-qemu',
    })
  })

  test('with a repository of its own: key by its digest, source, what it offers, the pinned package, the hold', () => {
    const config = { repository: REPOSITORY, version: '3.7.0', hold: true }
    const { objects = [] } = runStage(kata, 'unpacking', on({ manager: 'dnf' }, config, KEY))
    expect(objects).toMatchObject([
      { kind: 'directory', path: '/etc/pki' },
      { kind: 'directory', path: '/etc/pki/rpm-gpg' },
      { kind: 'resource-file', path: '/etc/pki/rpm-gpg/kcharm-kata.asc', blob: KEY['repository-key'] },
      { kind: 'file', path: '/etc/yum.repos.d/kcharm-kata.repo' },
      { kind: 'repository-index', manager: 'dnf', source: '/etc/yum.repos.d/kcharm-kata.repo' },
      { kind: 'package', name: 'kata-containers', version: '3.7.0', held: true },
      { kind: 'edit', path: '/etc/dnf/dnf.conf' },
    ])
  })

  test('settings lie over a copy of its configuration, whose paths are right as they are', () => {
    const state = on({ manager: 'dnf', installed: '3.7.0-1.fc41' }, { memory: 512 })
    const { objects = [] } = runStage(kata, 'configuring', state)
    const paths = objects.flatMap((object) => ('path' in object ? [object.path] : []))
    expect(paths).toContain('/opt/kata-config/qemu/config.d/40-memory.toml')
    expect(paths).not.toContain('/opt/kata-config/qemu/config.d/10-prefix.toml')
  })

  test('somebody’s package is taken over as it is', () => {
    const state = on({ manager: 'dnf', installed: '3.7.0-1.fc41' })
    expect(refusal(state)).toBeUndefined()
    expect(runStage(kata, 'proving', state).version).toBe('3.7.0')
  })

  test.each<[string, Has, Record<string, unknown>, RegExp]>([
    ['Debian and Ubuntu, which have none', { manager: 'apt' }, {}, /has no package of Kata/],
    ['a distribution that is not known', { manager: undefined }, {}, /has no package of Kata/],
    ['sources that do not offer it', { manager: 'zypper' }, {}, /offer no katacontainers/],
    ['SUSE’s Kata 1.x', { manager: 'zypper', offered: '1.12.1-2' }, {}, /is Kata 1\.12\.1, whose shim and proxy/],
    [
      'another shim',
      { manager: 'dnf', offered: '3.7.0-1' },
      { shims: ['clh'] },
      /has no shim clh: its one configuration/,
    ],
    [
      'a repository without a version',
      { manager: 'dnf' },
      { repository: REPOSITORY },
      /needs the version that is to come/,
    ],
    ['one without a key', { manager: 'dnf' }, { repository: REPOSITORY, version: '3.7.0' }, /has no key to check/],
    [
      'another version than the one that is there',
      { manager: 'dnf', installed: '3.7.0-1.fc41' },
      { version: '3.8.0' },
      /kata-containers 3\.7\.0-1\.fc41 is installed, and 3\.8\.0 is asked for/,
    ],
  ])('%s: refused with the way out', (_name, has, config, words) => {
    const blocked = refusal(on(has, config))
    expect(blocked?.message).toMatch(words)
    expect(blocked?.hint).toMatch(/source: archive|kcharm upgrade|mend these|set version|repository-key/)
  })
})
