import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blobPath } from '../../lib/host/archive.ts'
import { fileReading } from '../../lib/host/file.ts'
import { type HostObject, planObject } from '../../lib/host/objects.ts'
import { packageReading } from '../../lib/host/package.ts'
import { sha256 } from '../../lib/model/json.ts'
import { packTar } from '../../lib/lab/archives/tar.ts'
import { SURROUNDINGS } from '../ssh/shells.ts'
import { listing } from './listing.ts'
import { testMachine, type TestMachine } from './machine.ts'

/** What kcharm and the stand-ins keep for themselves, and what a daemon writes. */
const LEAVE = ['var/lib/kcharm', 'var/lib/dpkg/stand-in', 'var/log/stand-in', 'run/systemd']

describe.each(SURROUNDINGS)('%s', (name) => {
  const machine = () => testMachine(name)

  test('a file is written, found right, and taken away', async () => {
    const on = await machine()
    const object: HostObject = { kind: 'file', path: '/etc/kcharm/new/file.conf', text: 'one\ntwo\n', mode: '0640' }
    const made = there(on, object, { keep: true })
    expect(readFileSync(join(on.root, object.path), 'utf8')).toBe('one\ntwo\n')
    expect(mode(on, object.path)).toBe('640')
    expect(mode(on, '/etc/kcharm/new')).toBe('755')
    on.undo(made)
    expect(listing(join(on.root, 'etc/kcharm/new'))).toHaveLength(1)
  })

  test('a file of somebody else is replaced, and comes back with its mode', async () => {
    const on = await machine()
    put(on, '/etc/there', 'before\n', 0o600)
    there(on, { kind: 'file', path: '/etc/there', text: 'after\0\x01 ü\n' })
  })

  test('an edit changes its own words only', async () => {
    const on = await machine()
    put(on, '/etc/hosts', 'a\nb', 0o664)
    const fn = (text: string) => text.replace(/b$/, 'B')
    const made = there(on, { kind: 'edit', path: '/etc/hosts', id: 'x', intent: 'b becomes B', fn }, { keep: true })
    expect(readFileSync(join(on.root, 'etc/hosts'), 'utf8')).toBe('a\nB')
    expect(mode(on, '/etc/hosts')).toBe('664')
    on.undo(made)
    expect(readFileSync(join(on.root, 'etc/hosts'), 'utf8')).toBe('a\nb')
  })

  test('a new content is judged before it replaces the old', async () => {
    const on = await machine()
    put(on, '/etc/judged', 'good\n')
    const validate = { argv: ['grep', '-q', '^good', '{new}'] }
    const bad = () => on.make({ kind: 'file', path: '/etc/judged', text: 'bad\n', validate })
    expect(bad).toThrow(/the new file was refused by grep/)
    expect(readFileSync(join(on.root, 'etc/judged'), 'utf8')).toBe('good\n')
    expect(listing(join(on.root, 'etc')).join('\n')).not.toContain('.kcharm.')
    const warns = { argv: ['sh', '-c', 'echo "careful: $1" >&2', 'sh', '{new}'], forbid: 'careful:' }
    expect(() => on.make({ kind: 'file', path: '/etc/judged', text: 'good 2\n', validate: warns })).toThrow(/careful:/)
    on.make({ kind: 'file', path: '/etc/judged', text: 'good 3\n', validate })
    expect(readFileSync(join(on.root, 'etc/judged'), 'utf8')).toBe('good 3\n')
  })

  /** kata.md 2.2: of a config.d every entry is read, whatever its name, and a half-written one is an error. */
  test('nothing but the file itself is ever in a folder that is read entry by entry', async () => {
    const on = await machine()
    put(on, '/etc/x/config.d/10-old.toml', 'old\n')
    const validate = { argv: ['sh', '-c', `ls -A ${join(on.root, 'etc/x/config.d')} >${join(on.root, 'seen')}`] }
    on.make({ kind: 'file', path: '/etc/x/config.d/20-new.toml', text: 'new\n', validate })
    expect(readFileSync(join(on.root, 'seen'), 'utf8')).toBe('10-old.toml\n')
    expect(readFileSync(join(on.root, 'etc/x/config.d/20-new.toml'), 'utf8')).toBe('new\n')
    expect(listing(join(on.root, 'etc')).join('\n')).not.toContain('.kcharm.')
  })

  test('a directory is made, given its mode, and goes when it is empty', async () => {
    const on = await machine()
    there(on, { kind: 'directory', path: '/opt/kcharm' })
    mkdirSync(join(on.root, 'opt/other'), { mode: 0o700 })
    there(on, { kind: 'directory', path: '/opt/other', mode: '0755' })
    const made = on.make({ kind: 'directory', path: '/opt/used' })
    put(on, '/opt/used/of-another', '')
    if (made) on.undo({ ...made, before: null, after: null })
  })

  test('a file of a resource is put there, replaces another, and comes back', async () => {
    const on = await machine()
    put(on, '/usr/local/sbin/runc', 'old\n', 0o700)
    const bytes = '#!/bin/sh\n'
    const resource = { sha256: sha256(bytes), size: bytes.length, from: 'test', name: 'runc.amd64' }
    put(on, blobPath(resource.sha256), bytes)
    there(on, { kind: 'resource-file', path: '/usr/local/sbin/runc', blob: resource, mode: '0755' })
    put(on, blobPath(resource.sha256), 'other bytes')
    const other = () => on.make({ kind: 'resource-file', path: '/usr/local/sbin/other', blob: resource })
    expect(other).toThrow(/the digest is not the vouched one/)
    expect(listing(join(on.root, 'usr/local/sbin')).join('\n')).not.toContain('other')
  })

  test('a package is held at its version, and let go', async () => {
    const on = await machine()
    on.make({ kind: 'package', name: 'containerd' })
    there(on, { kind: 'hold', name: 'containerd' })
  })

  test('what a repository offers is read once, again when its source changes, and forgotten', async () => {
    const on = await machine()
    const source = '/etc/apt/sources.list.d/x.sources'
    put(on, source, 'URIs: http://x.example/debian\n')
    const object: HostObject = { kind: 'repository-index', manager: 'apt', source }
    put(on, '/faults/apt-update', '')
    expect(() => on.make(object)).toThrow(/apt-get update failed: E: Failed to fetch http:\/\/x.example/)
    rmSync(join(on.root, 'faults/apt-update'))
    const made = there(on, object, { keep: true })
    expect(planObject(object, on.view)).toBeUndefined()
    put(on, source, 'URIs: http://y.example/debian\n')
    expect(planObject(object, on.view)?.verb).toContain('read what')
    put(on, source, 'URIs: http://x.example/debian\n')
    on.undo(made)
    expect(listing(join(on.root, 'var/lib/apt/lists')).join('\n')).not.toContain('InRelease')
  })

  test('a link is made, switched, and put back', async () => {
    const on = await machine()
    const first = there(on, { kind: 'link', path: '/opt/thing', target: '/opt/thing-1' }, { keep: true })
    mkdirSync(join(on.root, 'opt/thing-1'))
    expect(statSync(join(on.root, 'opt/thing')).isDirectory()).toBe(true)
    there(on, { kind: 'link', path: '/opt/thing', target: 'thing-2' })
    expect(readlinkSync(join(on.root, 'opt/thing'))).toBe(join(on.root, 'opt/thing-1'))
    on.undo(first)
    expect(statSync(join(on.root, 'opt/thing'), { throwIfNoEntry: false })).toBeUndefined()
    there(on, { kind: 'link', path: '/usr/local/bin/tool', target: '../lib/tool' })
  })

  test.each(['tar', 'tar.gz', 'tar.xz'])(
    'an archive %s is unpacked, found whole, and found damaged',
    async (format) => {
      const on = await machine()
      const object = archive(on, { format })
      const made = there(on, object, { keep: true })
      const tool = join(on.root, 'opt/kata-1/bin/tool')
      expect(statSync(tool).mode & 0o7777).toBe(0o755)
      expect(readlinkSync(join(on.root, 'opt/kata-1/link'))).toBe('bin/tool')
      writeFileSync(tool, 'echo tampered\n')
      there(on, Object.assign(archive(on, { format }), { path: object.path }), { keep: true })
      expect(readFileSync(tool, 'utf8')).toBe('echo tool\n')
      on.undo({ ...made, before: null })
      expect(listing(join(on.root, 'opt'))).toHaveLength(1)
    },
  )

  test('a changed time of one file of a tree is damage', async () => {
    const on = await machine()
    const object = archive(on, {})
    on.make(object)
    utimesSync(join(on.root, 'opt/kata-1/bin/tool'), 1, 1)
    expect(on.make(archive(on, {}))?.why).toBe('files of the tree were changed since it was unpacked')
    expect(on.make(object)).toBeUndefined()
  })

  test('a package is read, installed still, and purged with what it brought', async () => {
    const on = await machine()
    const object: HostObject = { kind: 'package', name: 'containerd', services: ['containerd'] }
    const made = there(on, object, { keep: true })
    expect(made.verb).toBe('install containerd 1.7.24~ds1-6+deb13u1 (with runc 1.1.15+ds1-2+b4)')
    expect(on.sh('systemctl is-active containerd; systemctl is-enabled containerd').stdout).toBe('inactive\nenabled\n')
    put(on, '/etc/containerd/config.toml', 'edited by a hand\n')
    on.undo(made)
    expect(on.read(packageReading('containerd')).value).toEqual({ state: 'config' })
    on.make(object)
    on.sh('cp "$R"/../packages/containerd/files/etc/containerd/config.toml "$R"/etc/containerd/')
    on.undo(made)
    expect(on.read(packageReading('containerd')).value).toEqual({ state: 'none' })
    expect(on.make({ kind: 'package', name: 'runc' })).toBeUndefined()
    expect(() => on.make({ kind: 'package', name: 'nosuch' })).toThrow(/offer no nosuch/)
  })

  test('a service is started on what it reads, owes a restart when that changes, and is forgotten', async () => {
    const on = await machine()
    on.make({ kind: 'package', name: 'containerd', services: ['containerd'] })
    const reads = [fileReading('/etc/containerd/config.toml')]
    const object: HostObject = { kind: 'service', name: 'containerd', reads }
    expect(on.make(object)?.verb).toBe('start containerd')
    expect(on.make(object)).toBeUndefined()
    put(on, '/etc/containerd/config.toml', 'version = 2\n')
    const restart = on.make(object)
    expect(restart).toMatchObject({ verb: 'restart containerd', why: 'what it reads has changed since it started' })
    expect(on.make(object)).toBeUndefined()
    on.sh('systemctl restart containerd')
    expect(on.make(object)).toBeUndefined()
    put(on, '/etc/containerd/config.toml', 'version =\n')
    on.sh(`sed -i 's/ [0-9]*$/ 1/' "$R/run/systemd/stand-in/containerd"`) // it started long ago
    expect(() => on.make(object)).toThrow(/containerd does not come up: containerd: failed to load TOML/)
  })

  test('a kernel module is loaded, built in, and taken out', async () => {
    const on = await machine()
    there(on, { kind: 'kernel-module', name: 'vhost-vsock' })
    expect(() => on.make({ kind: 'kernel-module', name: 'nosuch' })).toThrow(/Module nosuch not found/)
    const release = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()
    put(on, `/lib/modules/${release}/modules.builtin`, 'kernel/drivers/vhost/of-old-days.ko\n')
    expect(on.make({ kind: 'kernel-module', name: 'of_old_days' })).toBeUndefined()
  })
})

/** Plans, carries out, finds nothing left to do, and (unless it is kept) undoes, after which all is as before. */
function there(on: TestMachine, object: HostObject, { keep = false } = {}) {
  const before = listing(on.root, { leave: LEAVE })
  const made = on.make(object)
  if (!made) throw new Error(`${object.kind}: nothing to do`)
  expect(on.make(object)).toBeUndefined()
  if (keep) return made
  on.undo(made)
  expect(listing(on.root, { leave: LEAVE })).toEqual(before)
  return made
}

function put(on: TestMachine, path: string, text: string, mode = 0o644): void {
  mkdirSync(join(on.root, dirname(path)), { recursive: true })
  writeFileSync(join(on.root, path), text, { mode })
  on.sh(`chmod ${mode.toString(8)} "$R"'${path}'`)
}

function mode(on: TestMachine, path: string): string {
  return (statSync(join(on.root, path)).mode & 0o7777).toString(8)
}

function archive(on: TestMachine, { format = 'tar' }): HostObject & { kind: 'archive' } {
  const plain = packTar([
    { path: './opt/kata' },
    { path: './opt/kata/bin' },
    { path: './opt/kata/bin/tool', file: 'echo tool\n', mode: 0o755 },
    { path: './opt/kata/link', link: 'bin/tool' },
  ])
  const pack = { tar: ['cat'], 'tar.gz': ['gzip', '-nc'], 'tar.xz': ['xz', '-c'] }[format] ?? []
  const bytes = execFileSync(pack[0] ?? '', pack.slice(1), { input: plain })
  const blob = { sha256: sha256(bytes), size: bytes.length, from: 'test', name: `kata.${format}` }
  put(on, blobPath(blob.sha256), '')
  writeFileSync(join(on.root, blobPath(blob.sha256)), bytes)
  return { kind: 'archive', path: '/opt/kata-1', blob, prefix: 'opt/kata' }
}
