import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { blobPath } from '../../lib/host/archive.ts'
import { fileReading } from '../../lib/host/file.ts'
import { type HostObject, planObject } from '../../lib/host/objects.ts'
import { packTar } from '../../lib/lab/archives/tar.ts'
import { sha256 } from '../../lib/model/json.ts'
import { testMachine } from './machine.ts'

const bytes = packTar([{ path: 'opt/kata' }, { path: 'opt/kata/a', file: 'a' }, { path: 'opt/kata/b', link: 'a' }])
const blob = { sha256: sha256(bytes), size: bytes.length, from: 'test', name: 'kata.tar' }
const tool = { sha256: sha256('#!/bin/sh\n'), size: 10, from: 'test', name: 'tool' }
const conf = '/etc/conf'
const objects = {
  archive: { kind: 'archive', path: '/opt/kata-1', blob, prefix: 'opt/kata' },
  copy: { kind: 'copy', from: '/etc/edited', to: '/etc/copied' },
  directory: { kind: 'directory', path: '/etc/dir' },
  edit: {
    kind: 'edit',
    path: '/etc/edited',
    id: 'x',
    intent: 'x',
    fn: (text) => (text.includes('x') ? text : `${text}x\n`),
  },
  file: { kind: 'file', path: conf, text: 'x\n' },
  'kernel-module': { kind: 'kernel-module', name: 'vhost_vsock' },
  link: { kind: 'link', path: '/opt/kata', target: '/opt/kata-1' },
  output: { kind: 'output', argv: ['cat', conf], to: '/etc/said' },
  package: { kind: 'package', name: 'containerd', services: ['containerd'] },
  hold: { kind: 'hold', name: 'containerd' },
  'repository-index': { kind: 'repository-index', manager: 'apt', source: '/etc/apt/sources.list.d/x.sources' },
  'resource-file': { kind: 'resource-file', path: '/usr/local/sbin/tool', blob: tool, mode: '0755' },
  service: { kind: 'service', name: 'containerd', reads: [fileReading(conf)] },
} satisfies { [K in Exclude<HostObject['kind'], 'repack'>]: HostObject & { kind: K } } // repack.test.ts has that one

type Kind = keyof typeof objects

const SOURCE = 'etc/apt/sources.list.d/x.sources'

/** What a hand can do to an object of each kind, and the verb that finds it. `root` is the machine's tree. */
const DRIFTS: [Kind, string, (root: string) => void, string][] = [
  ['archive', 'a file changed', (root) => writeFileSync(join(root, 'opt/kata-1/a'), 'b'), 'unpack'],
  ['archive', 'a file added', (root) => writeFileSync(join(root, 'opt/kata-1/c'), 'c'), 'unpack'],
  ['archive', 'a folder added', (root) => mkdirSync(join(root, 'opt/kata-1/d')), 'unpack'],
  ['archive', 'a file gone', (root) => unlinkSync(join(root, 'opt/kata-1/a')), 'unpack'],
  ['archive', 'a mode changed', (root) => chmodSync(join(root, 'opt/kata-1/a'), 0o600), 'unpack'],
  ['archive', 'all gone', (root) => rmSync(join(root, 'opt/kata-1'), { recursive: true }), 'unpack'],
  ['copy', 'gone', (root) => unlinkSync(join(root, 'etc/copied')), 'copy'],
  ['directory', 'a mode changed', (root) => chmodSync(join(root, 'etc/dir'), 0o700), 'set the mode'],
  ['directory', 'gone', (root) => rmSync(join(root, 'etc/dir'), { recursive: true }), 'make'],
  ['edit', 'taken out', (root) => writeFileSync(join(root, 'etc/edited'), ''), 'edit'],
  ['file', 'other bytes of the same length', (root) => writeFileSync(join(root, conf), 'y\n'), 'write'],
  ['file', 'a mode changed', (root) => chmodSync(join(root, conf), 0o666), 'write'],
  ['file', 'gone', (root) => unlinkSync(join(root, conf)), 'write'],
  ['kernel-module', 'unloaded', (root) => rmSync(join(root, 'sys/module/vhost_vsock'), { recursive: true }), 'load'],
  ['link', 'elsewhere', (root) => relink(join(root, 'opt/kata'), '/opt/other'), 'link'],
  ['link', 'gone', (root) => unlinkSync(join(root, 'opt/kata')), 'link'],
  ['output', 'gone', (root) => unlinkSync(join(root, 'etc/said')), 'put what'],
  ['package', 'removed', (root) => standIn(root, 'apt-get', '-y', 'remove', 'containerd'), 'install'],
  ['hold', 'taken away', (root) => standIn(root, 'apt-mark', 'unhold', 'containerd'), 'hold'],
  [
    'repository-index',
    'another source',
    (root) => writeFileSync(join(root, SOURCE), 'URIs: http://other\n'),
    'read what',
  ],
  ['resource-file', 'other bytes', (root) => writeFileSync(join(root, 'usr/local/sbin/tool'), 'x'), 'put tool'],
  ['resource-file', 'a mode changed', (root) => chmodSync(join(root, 'usr/local/sbin/tool'), 0o700), 'put tool'],
  ['resource-file', 'gone', (root) => unlinkSync(join(root, 'usr/local/sbin/tool')), 'put tool'],
  ['service', 'stopped', (root) => standIn(root, 'systemctl', 'stop', 'containerd'), 'start'],
  ['service', 'disabled', (root) => standIn(root, 'systemctl', 'disable', 'containerd'), 'enable and restart'],
  ['service', 'what it reads was changed', (root) => writeFileSync(join(root, conf), 'z\n'), 'restart'],
]

test.each(DRIFTS)('%s: %s', async (kind, _what, drift, verb) => {
  const on = await testMachine()
  const blobFile = join(on.root, blobPath(blob.sha256))
  mkdirSync(dirname(blobFile), { recursive: true })
  writeFileSync(blobFile, bytes)
  writeFileSync(join(on.root, blobPath(tool.sha256)), '#!/bin/sh\n')
  mkdirSync(dirname(join(on.root, SOURCE)), { recursive: true })
  writeFileSync(join(on.root, SOURCE), 'URIs: http://x\n')
  writeFileSync(join(on.root, 'etc/edited'), 'somebody else’s\n')
  for (const object of Object.values(objects)) on.make(object)
  for (const object of Object.values(objects)) expect(planObject(object, on.view)).toBeUndefined()
  drift(on.root)
  expect(planObject(objects[kind], on.view)?.verb.startsWith(verb)).toBe(true)
})

test('something else in the place of a file, directory or link is said, and nothing of it is lost', async () => {
  const on = await testMachine()
  mkdirSync(join(on.root, 'etc/conf'))
  expect(on.read(fileReading(conf)).value).toEqual({ other: 'directory' })
  writeFileSync(join(on.root, 'opt/kata'), 'a file of somebody’s\n')
  expect(() => on.make(objects.link)).toThrow('/opt/kata is a file, not a link; kcharm did not put it there')
  on.sh('systemctl mask --runtime containerd')
  expect(() => on.make(objects.service)).toThrow(/containerd.service is masked/)
})

function relink(path: string, target: string): void {
  unlinkSync(path)
  symlinkSync(target, path)
}

function standIn(root: string, program: string, ...args: string[]): void {
  const bin = join(root, '../bin')
  const env = { KCHARM_ROOT: root, PATH: `${bin}:/usr/bin:/bin` }
  execFileSync(join(bin, program), args, { env })
}
