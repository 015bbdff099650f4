import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import { config } from '../../../charms/kata/config.ts'
import { foundAdvice } from '../../../charms/kata/found-advice.ts'
import { type Found, foundKata, MARKS } from '../../../charms/kata/found.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { machine } from './machine.ts'
import { readOn } from './on-tree.ts'

const GO = (version: string) =>
  `#!/bin/sh\necho 'Kata Containers containerd shim (Golang): id: "io.containerd.kata.v2", version: ${version}, commit: x'\n`
const RUST = '#!/bin/sh\necho "Kata Containers containerd shim: id: io.containerd.kata.v2, version: 3.0.2, commit: x"\n'
const SHIM = 'bin/containerd-shim-kata-v2'
const CONFIGS = 'share/defaults/kata-containers'

const BY_HAND = {
  [`/opt/kata/${SHIM}`]: GO('3.20.0'),
  [`/opt/kata/runtime-rs/${SHIM}`]: RUST,
  [`/opt/kata/${CONFIGS}/configuration-qemu.toml`]: '[hypervisor.qemu]\npath = "/opt/kata/bin/qemu-system-x86_64"\n',
  [`/opt/kata/${CONFIGS}/configuration-dragonball.toml`]: '',
}

describe('source: present takes what is there', () => {
  test('a release unpacked by hand: handlers lead to it, and not a file of it is written', () => {
    const state = on(BY_HAND, { shims: ['qemu', 'dragonball'] })
    expect(runStage(kata, 'preflight', state).blocked).toBeUndefined()
    expect(runStage(kata, 'unpacking', state).objects).toEqual([])
    expect(runStage(kata, 'proving', state)).toMatchObject({
      version: '3.20.0',
      message: 'Kata 3.20.0 as it was found at /opt/kata, handlers kata-qemu, kata-dragonball',
    })
    expect(handlers(state)).toEqual([
      [`/opt/kata/${SHIM}`, `/opt/kata/${CONFIGS}/configuration-qemu.toml`],
      [`/opt/kata/runtime-rs/${SHIM}`, `/opt/kata/${CONFIGS}/configuration-dragonball.toml`],
    ])
  })

  test('one below a home, whose configuration says /opt/kata: a copy with the right paths', () => {
    const moved = Object.fromEntries(Object.entries(BY_HAND).map(([name, text]) => [`/home/ann${name}`, text]))
    const state = on(moved, {})
    expect(handlers(state)).toEqual([[`/home/ann/opt/kata/${SHIM}`, '/opt/kata-config/qemu/configuration-qemu.toml']])
    const paths = runStage(kata, 'configuring', state).objects?.map((object) => ('path' in object ? object.path : ''))
    expect(paths).toContain('/opt/kata-config/qemu/config.d/10-prefix.toml')
  })

  test.each([
    ['a source build', '/usr/local', `/usr/local/${CONFIGS}/configuration.toml`],
    ['Fedora’s package', '/usr', '/usr/share/kata-containers/defaults/configuration.toml'],
  ])('%s, which has one configuration for its QEMU', (_name, top, config) => {
    const state = on({ [`${top}/${SHIM}`]: GO('3.7.0'), [config]: '' }, {})
    expect(runStage(kata, 'preflight', state).blocked).toBeUndefined()
    expect(handlers(state)).toEqual([[`${top}/${SHIM}`, config]])
  })

  test.each<[string, Record<string, string>, Record<string, unknown>, RegExp]>([
    ['nothing at all', {}, {}, /source is present, but no Kata was found/],
    [
      'a shim that does not answer',
      { [`/opt/kata/${SHIM}`]: '#!/bin/sh\nexit 1\n' },
      {},
      /the Kata at \/opt\/kata has no shim that answers/,
    ],
    ['a shim of 1.x', { [`/usr/${SHIM}`]: GO('1.12.0') }, {}, /has no shim that answers/],
    ['a shim that is not there', BY_HAND, { shims: ['clh'] }, /the Kata at \/opt\/kata has no shim clh/],
    ['another version', BY_HAND, { version: '3.19.0' }, /is 3\.20\.0, not 3\.19\.0/],
    [
      'kata-deploy’s tree (left alone)',
      { ...BY_HAND, [`/opt/kata/${CONFIGS}/runtimes/x`]: '' },
      {},
      /kata-deploy has installed Kata here/,
    ],
    [
      'the snap (kata#1131)',
      { '/snap/kata-containers/current/x': '' },
      {},
      /as a snap, which upstream gave up with 3\.2\.0/,
    ],
    ['Kata 1.x', { '/usr/bin/kata-proxy': '' }, {}, /Kata 1\.x is here/],
  ])('%s is told with the way out', (_name, files, config, words) => {
    const { blocked } = runStage(kata, 'preflight', on(files, config))
    expect(blocked?.message).toMatch(words)
    expect(blocked?.hint).toMatch(/helm uninstall|snap remove|remove its packages|looked below|mend these/)
  })
})

describe('source: auto', () => {
  test('adopts what it finds, else unpacks, and stays with its own archive', () => {
    const archive = (state: StageState) => runStage(kata, 'unpacking', state).objects?.length
    expect(archive(on(BY_HAND, { source: 'auto' }))).toBe(0)
    expect(archive(on({}, { source: 'auto' }))).toBe(2)
    expect(archive({ ...on(BY_HAND, { source: 'auto' }), holds: ['link:/opt/kata'] })).toBe(2)
  })

  test('what kcharm itself unpacked or installed is nobody else’s', () => {
    const message = (files: Record<string, string>, holds: string[]) =>
      runStage(kata, 'preflight', { ...on(files, {}), holds }).blocked?.message
    expect(message(BY_HAND, ['link:/opt/kata'])).toContain('source is present, but')
    const packaged = { [`/usr/${SHIM}`]: GO('3.7.0'), '/usr/share/kata-containers/defaults/configuration.toml': '' }
    expect(message(packaged, ['pkg:dnf/kata-containers'])).toContain('source is present, but')
    expect(message(packaged, [])).toBeUndefined()
  })

  /** kata.md 3.3: a second install has a suffix, and a file that kata-deploy made is marked. */
  test.each(['conf.d/kata-deploy.toml', 'conf.d/kata-deploy-two.toml', 'config.toml.kata-deploy-created'])(
    'does not unpack beside another owner, who shows in %s',
    (file) => {
      const state = on({ [`/etc/containerd/${file}`]: '' }, { source: 'auto' })
      expect(runStage(kata, 'preflight', state).blocked?.message).toContain('kata-deploy has installed Kata here')
    },
  )

  test('sees one in /opt/kata when the option prefix is another place', () => {
    const found = readOn(foundKata('/srv/kata'), BY_HAND)
    expect(found.katas.map(({ root }) => root)).toEqual(['/opt/kata'])
  })
})

describe('an archive where something stands', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['a release by hand', BY_HAND, /or set source: present to use it as it is/],
    ['kata-deploy', { [`/opt/kata/${CONFIGS}/runtimes/x`]: '' }, /helm uninstall kata-deploy/],
  ])('%s is refused with the way out', (_name, files, hint) => {
    const state = on(files, { source: 'archive' })
    const observed = { ...state.observed, 'link:/opt/kata': { other: 'directory' } }
    expect(runStage(kata, 'preflight', { ...state, observed }).blocked?.hint).toMatch(hint)
  })
})

/** kata.md section 9: kata#10809 and others (old ways of wiring), nvidia-container-toolkit#1040. */
test('old entries of containerd’s configuration and other Katas are named, with what became of them', () => {
  const found = look({
    ...BY_HAND,
    '/snap/kata-containers/current/x': '',
    '/etc/containerd/config.toml':
      '# katacli\n[plugins.cri]\n[plugins.cri.containerd.untrusted_workload_runtime]\n[plugins."x".containerd.runtimes.katacli]\n',
  })
  const advice = foundAdvice(found, undefined)
  expect(advice.every(({ warns }) => warns)).toBe(true)
  expect(advice.map(({ probe, needed }) => `${probe}: ${needed}`)).toEqual([
    '/snap/kata-containers/current: one owner for Kata on a machine',
    '/opt/kata: nothing: handlers here name their shim by its path',
    '/etc/containerd/config.toml:2: schema 2 or later: containerd 2 reads this table of schema 1 no more',
    '/etc/containerd/config.toml:3: nothing of it: containerd 2 ignores this table',
    '/etc/containerd/config.toml:4: nothing of it: the runtime v1 of kata-runtime is gone with containerd 2',
  ])
  expect(foundAdvice(look(BY_HAND), '/opt/kata')).toEqual([])
})

describe('links: classic', () => {
  const links = (archive: string) => {
    const kataBlob = { sha256: 'a'.repeat(64), size: 1, from: '/x', name: archive }
    const state = machine({}, { config: { links: 'classic' }, resources: { kata: kataBlob } })
    const objects = runStage(kata, 'configuring', state).objects ?? []
    return objects.flatMap((object) => (object.kind === 'link' ? [`${object.path} -> ${object.target}`] : []))
  }

  test('those that the archive has a program for', () => {
    expect(links('kata-static-3.20.0-amd64.tar.xz')).toEqual([
      '/usr/local/bin/containerd-shim-kata-v2 -> /opt/kata/bin/containerd-shim-kata-v2',
      '/usr/local/bin/kata-runtime -> /opt/kata/bin/kata-runtime',
      '/usr/local/bin/kata-monitor -> /opt/kata/bin/kata-monitor',
      '/usr/local/bin/kata-collect-data.sh -> /opt/kata/bin/kata-collect-data.sh',
      '/usr/local/bin/qemu-system-x86_64 -> /opt/kata/bin/qemu-system-x86_64',
    ])
  })

  /** kata.md section 9: kata#13797 (the Rust archive of 4.1 has neither kata-runtime nor a shim in bin). */
  test('the Rust archive of 4.1 has two of them', () => {
    expect(links('kata-static-4.1.0-amd64.tar.zst')).toEqual([
      '/usr/local/bin/containerd-shim-kata-v2 -> /opt/kata/runtime-rs/bin/containerd-shim-kata-v2',
      '/usr/local/bin/qemu-system-x86_64 -> /opt/kata/bin/qemu-system-x86_64',
    ])
  })
})

function look(files: Record<string, string>): Found {
  return readOn(foundKata('/opt/kata'), files)
}

/** A machine that looks as these files do. */
function on(files: Record<string, string>, config: Record<string, unknown>): StageState {
  const state = machine({}, { config: { source: 'present', ...config } })
  const shipped = Object.entries(files).map(([name, text]) => [`kata:shipped:${name}`, text])
  const resources = config['source'] === undefined ? {} : state.resources
  const bare = Object.entries(state.observed ?? {}).map(([key, value]) => [
    key.startsWith('kata:fitness') && config['source'] === undefined ? 'kata:fitness:/opt/kata::65536' : key,
    value,
  ])
  const observed = { ...Object.fromEntries([...bare, ...shipped]), 'kata:found:/opt/kata': look(files) }
  return { ...state, ...(resources ? { resources } : {}), observed }
}

function handlers(state: StageState): unknown[] {
  const bag = runStage(kata, 'configuring', state).publish?.['runtime'] as unknown as {
    handlers: { runtimePath: string; configPath: string }[]
  }
  return bag.handlers.map(({ runtimePath, configPath }) => [runtimePath, configPath])
}

test('the page for those who come from kata-deploy names options that there are, and each file that is looked for', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/coming-from-kata-deploy.md'), 'utf8')
  const table = /^## Options\n([^]*?)^## /m.exec(page)?.[1] ?? ''
  const cells = [...table.matchAll(/^\| `[^|]*\| ([^|]*)\|$/gm)].map(([, cell = '']) => cell)
  expect(cells.length).toBeGreaterThan(7)
  const first = cells.map((cell) => /`([a-z_]+)`/.exec(cell)?.[1] ?? cell)
  expect(first.filter((name) => !(name in config.shape))).toEqual([])
  for (const mark of MARKS['kata-deploy']) expect(page).toContain(/runtime-rs/.test(mark) ? 'runtime-rs' : mark)
})
