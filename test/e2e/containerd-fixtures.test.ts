import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import {
  editConfig,
  handlersInDump,
  migrateConfig,
  moveToSchema3,
  readConfig,
  refusalOf,
  renderDropIn,
  setImport,
  type Wish,
} from '../../charms/containerd/toml/index.ts'
import { CRI_IMAGES } from '../../charms/containerd/toml/ids.ts'
import { lostSettings } from '../../charms/containerd/toml/lost-settings.ts'
import { leafKey, leaves, lookup, parseToml } from '../../charms/containerd/toml/parse.ts'
import { buildContainerd2 } from '../../lib/lab/index.ts'
import { ensureRoot } from '../../lib/lab/roots/base-root.ts'
import {
  DROP_IN,
  edited,
  effectiveOf,
  HANDLER,
  MAIN,
  OUTCOMES,
  readFixtures,
} from '../charms/containerd/toml/fixtures.ts'

/** Debian's two as the lab's root file systems have them, and the one that the lab builds. */
const DAEMONS = ['1.6.20', '1.7.24', '2.3.7']
const programs = new Map<string, Program>()

interface Program {
  root: string
  /** Takes the place of the root's own containerd. */
  binary?: string
}

const cases = DAEMONS.flatMap((daemon) =>
  edited(readFixtures())
    .filter(([, text]) => refusalOf(readConfig(text, { path: MAIN, daemon })) === undefined)
    .map(([name, text]) => ({ name, daemon, text })),
)

beforeAll(async () => {
  const bookworm = await ensureRoot('bookworm', { containerd: true, say: console.log })
  const trixie = await ensureRoot('trixie', { containerd: true, say: console.log })
  const { path } = await buildContainerd2(console.log)
  programs.set('1.6.20', { root: bookworm })
  programs.set('1.7.24', { root: trixie })
  programs.set('2.3.7', { root: trixie, binary: join(dirname(path), 'bin/containerd') })
})

test.each(DAEMONS)('the daemon is containerd %s', (daemon) => {
  expect(run(daemon, { files: {}, args: ['--version'] }).stdout).toContain(daemon)
})

test.each(cases)('containerd $daemon reads $name as before, and the new handler', ({ name, daemon, text }) => {
  const imported = importedFiles(text)
  const before = run(daemon, { files: { ...imported, [MAIN]: text }, args: ['config', 'dump'] })
  const after = run(daemon, {
    files: { ...imported, ...editedFiles(text, { daemon, wish: { handlers: [HANDLER] } }) },
    args: ['config', 'dump'],
  })
  const known = readConfig(before.stdout, { path: 'before', daemon })
  const effective = effectiveOf(name, daemon)
  expect(known.defaultRuntime).toBe(effective?.default)
  expect(typesOf(before.stdout)).toEqual(effective?.handlers)
  expect(typesOf(after.stdout)).toEqual({ ...effective?.handlers, [HANDLER.name]: HANDLER.runtimeType })
  expect(handlersInDump(after.stdout)[HANDLER.name]).toMatchObject({
    path: HANDLER.runtimePath,
    configPath: HANDLER.configPath,
  })
  expect(settings(after.stdout)).toEqual(settings(before.stdout))
  expect(warnings(after.stderr)).toEqual(warnings(before.stderr))
})

test.each(cases.filter(({ name, daemon }) => !(daemon.startsWith('1.') && name === '63-derived-inline-tables')))(
  'containerd $daemon takes the settings in $name',
  ({ daemon, text }) => {
    const wish = { handlers: [HANDLER], restrictOom: true as const, pauseImage: 'example/pause:1', systemdCgroup: true }
    const files = { ...importedFiles(text), ...editedFiles(text, { daemon, wish }) }
    const { stdout } = run(daemon, { files, args: ['config', 'dump'] })
    const facts = readConfig(stdout, { path: 'after', daemon })
    const { restrictOom, pauseImage, defaultTable } = facts
    expect({ restrictOom, pauseImage }).toEqual({ restrictOom: true, pauseImage: 'example/pause:1' })
    const ofRunc = Object.values(facts.runtimes ?? {}).filter(({ type }) => type === 'io.containerd.runc.v2')
    expect(ofRunc.map(({ systemdCgroup }) => systemdCgroup)).toEqual(ofRunc.map(() => true))
    expect(defaultTable?.systemdCgroup ?? true).toBe(true)
  },
)

/** containerd 1.6 has no snapshotter of a handler; a 1.x file of inline tables has no place for single settings. */
const pickable = cases.filter(
  ({ name, daemon }) => !daemon.startsWith('1.6') && !(daemon.startsWith('1.') && name === '63-derived-inline-tables'),
)

test.each(pickable)('containerd $daemon takes a snapshotter, registries and a key of its own in $name', (given) => {
  const { daemon, text } = given
  const extra = [{ path: ['timeouts', 'io.containerd.timeout.shim.load'], value: '9s' }]
  const wish = { handlers: [{ ...HANDLER, snapshotter: 'native' }], registryFolder: '/etc/containerd/certs.d', extra }
  const files = { ...importedFiles(text), ...editedFiles(text, { daemon, wish }) }
  const { stdout, stderr } = run(daemon, { files, args: ['config', 'dump'] })
  const dump = parseToml(stdout, 'dump')
  const { plugin, registryFolder } = readConfig(stdout, { path: 'dump', daemon })
  expect(registryFolder).toBe('/etc/containerd/certs.d')
  expect(lookup(dump, ['timeouts', 'io.containerd.timeout.shim.load'])).toBe('9s')
  const handler = ['plugins', plugin, 'containerd', 'runtimes', HANDLER.name, 'snapshotter']
  expect(lookup(dump, handler)).toBe('native')
  const platform = ['plugins', CRI_IMAGES, 'runtime_platforms', HANDLER.name, 'snapshotter']
  if (daemon.startsWith('2.')) expect(lookup(dump, platform)).toBe('native')
  expect(warnings(stderr).filter((key) => /kcharm-try|config_path|timeout/.test(key))).toEqual([])
})

const OLD = readFixtures()
const mended = DAEMONS.flatMap((daemon) =>
  [...OLD].flatMap(([name, text]) => (OUTCOMES[name] === 'no version' ? [{ name, daemon, text }] : [])),
)

test.each(mended)('containerd $daemon reads $name the same for schema 2, but for what was told to wake', (given) => {
  const { daemon, text } = given
  const { text: migrated, wakes } = migrateConfig(text, { path: MAIN, daemon })
  const dump = (file: string) => run(daemon, { files: { [MAIN]: file }, args: ['config', 'dump'] }).stdout
  const [before, after] = [new Map(settings(dump(text))), new Map(settings(dump(migrated)))]
  const differing = [...after].filter(([key, value]) => !isDeepStrictEqual(before.get(key), value)).map(([key]) => key)
  const woken = differing.filter((key) => key !== leafKey(['version']) && key !== leafKey(['disabled_plugins']))
  expect(woken.length > 0, woken.join(' ')).toBe(wakes.length > 0)
})

const ofSchema2 = cases.filter(({ name, daemon, text }) => {
  const movable = daemon.startsWith('2.') && name !== '35-v2-aks2-kata-mixed'
  return movable && readConfig(text, { path: MAIN }).schema === 2
})

test.each(ofSchema2)('containerd $daemon reads $name the same for schema 3, and what is lost was told', (given) => {
  const { daemon, text } = given
  const dump = (file: string, by = daemon) =>
    run(by, { files: { ...importedFiles(text), [MAIN]: file }, args: ['config', 'dump'] }).stdout
  const { text: moved, gone } = moveToSchema3(text, { path: MAIN, daemon })
  const [before, after] = [text, moved].map((file) => new Map(settings(dump(file))))
  const differing = [...(after ?? [])].filter(([key, value]) => !isDeepStrictEqual(before?.get(key), value))
  const missing = [...(before?.keys() ?? [])].filter((key) => !after?.has(key))
  expect(missing).toEqual([])
  expect(differing.filter(([key]) => !LOST_BY_ITS_OWN.has(key))).toEqual([])
  const defaults = run('1.7.24', { files: {}, args: ['config', 'default'] }).stdout
  expect(lostSettings({ before: dump(text, '1.7.24'), defaults, after: dump(moved) }, { daemon }).toSorted()).toEqual(
    gone.toSorted(),
  )
})

/** What the daemon's own migration forgets where a file has no runtimes (plugins/cri/images/plugin.go, migrateConfig). */
const LOST_BY_ITS_OWN = new Set(
  ['snapshotter', 'disable_snapshot_annotations', 'discard_unpacked_layers'].map((key) =>
    leafKey(['plugins', CRI_IMAGES, key]),
  ),
)

/** What a file imports by its plain name must be there: without it a 2.x daemon does not start and its dump ends in the middle. */
function importedFiles(text: string): Record<string, string> {
  const plain = readConfig(text, { path: MAIN }).imports.filter((path) => !path.includes('*'))
  return Object.fromEntries(plain.map((path) => [path, '']))
}

function editedFiles(text: string, { daemon, wish }: { daemon: string; wish: Wish }): Record<string, string> {
  if (daemon.startsWith('1.')) return { [MAIN]: editConfig(text, wish, { path: MAIN }) }
  const dropIn = renderDropIn(readConfig(text, { path: MAIN, daemon }), wish)
  return { [MAIN]: setImport(text, DROP_IN, { path: MAIN, present: true }), [DROP_IN]: dropIn }
}

function typesOf(dump: string): Record<string, string> {
  return Object.fromEntries(Object.entries(handlersInDump(dump)).map(([name, { type }]) => [name, type]))
}

/**
 * All settings of a dump that are not zero values (a runc that a file declares has no zeros written out), without
 * the new handler, the imports, and the sandbox mode that 1.7 fills in when it starts (pkg/cri/config, ValidatePluginConfig).
 */
function settings(dump: string): [string, unknown][] {
  const { plugin } = readConfig(dump, { path: 'dump' })
  const runtimes = ['plugins', plugin, 'containerd', 'runtimes']
  const left = [
    leafKey([...runtimes, HANDLER.name]),
    leafKey(['imports']),
    leafKey([...runtimes, 'runc', 'sandbox_mode']),
  ]
  return [...leaves(parseToml(dump, 'dump'))].filter(
    ([key, value]) => !left.some((prefix) => key.startsWith(prefix)) && !isZero(value),
  )
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)
}

function warnings(stderr: string): string[] {
  return [...stderr.matchAll(/Ignoring unknown key.*? key=("[^"]*"|\S+)/g)].map(([, key = '']) => key).toSorted()
}

const ENTER = `root=$1 files=$2 binary=$3; shift 3
mount --bind "$files/etc/containerd" "$root/etc/containerd" && mount --bind "$files/opt" "$root/opt" || exit
if [ -n "$binary" ]; then mount --bind "$binary" "$root/usr/bin/containerd" || exit; fi
exec chroot "$root" /usr/bin/containerd "$@"`

/** Runs a daemon's program with these files as all of its /etc/containerd and /opt; the mounts nobody else sees. */
function run(daemon: string, { files, args }: { files: Record<string, string>; args: string[] }) {
  const { root, binary = '' } = programs.get(daemon) ?? { root: '/nowhere' }
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-containerd-'))
  try {
    for (const path of ['/etc/containerd', '/opt']) mkdirSync(join(folder, path), { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const enter = ['--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', root, folder, binary]
    const { status, stdout, stderr } = spawnSync('unshare', [...enter, '-c', MAIN, ...args], { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    return { stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
