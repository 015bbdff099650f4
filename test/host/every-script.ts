import { deprecations, images, plugins } from '../../charms/containerd/actions.ts'
import { containerd } from '../../charms/containerd/charm.ts'
import { dumpOf, healthOf } from '../../charms/containerd/observe.ts'
import { kata } from '../../charms/kata/charm.ts'
import { kvmMachine } from '../../charms/kata/kvm-machine.ts'
import { hints } from '../../charms/kata/hints.ts'
import { treeReading } from '../../lib/host/archive.ts'
import { directoryReading } from '../../lib/host/directory.ts'
import { fileReading, textReading } from '../../lib/host/file.ts'
import { holdReading } from '../../lib/host/hold.ts'
import { moduleReading } from '../../lib/host/kernel-module.ts'
import type { Blob } from '../../lib/host/kind.ts'
import { linkReading } from '../../lib/host/link.ts'
import { type HostObject, planObject, undoerOf } from '../../lib/host/objects.ts'
import { candidateReading, packageReading } from '../../lib/host/package.ts'
import { packageManager } from '../../lib/host/package-manager.ts'
import { indexReading } from '../../lib/host/repository-index.ts'
import { resourceFileReading } from '../../lib/host/resource-file.ts'
import { serviceReading } from '../../lib/host/service.ts'
import type { Cell, Reading, View } from '../../lib/host/view.ts'

const MANAGERS = ['apt', 'dnf', 'zypper'] as const
const blob: Blob = { sha256: 'ab'.repeat(32), size: 1000, from: 'here', name: 'kata-static-3.20.0-amd64.tar.xz' }

const RANCHER = {
  bin: '/var/lib/rancher/rke2/bin',
  config: '/etc/x.toml',
  socket: '/run/k3s/containerd/containerd.sock',
}

/** Each kind's reading, of things that are there and of things that are not, and all that our charms read. */
export function everyReading(): Reading<unknown>[] {
  const paths = ['/etc/containerd/config.toml', '/etc/thing', '/opt/thing', '/opt/link', '/none']
  return [
    ...paths.flatMap((path): Reading<unknown>[] => [
      fileReading(path),
      textReading(path),
      directoryReading(path),
      linkReading(path),
      treeReading(path),
    ]),
    ...['containerd', 'none'].flatMap((name) => [packageReading(name), candidateReading(name), holdReading(name)]),
    ...MANAGERS.map((manager) => packageReading('containerd', manager)),
    ...MANAGERS.map((manager) => indexReading({ manager, source: '/etc/thing' })),
    resourceFileReading('/etc/thing'),
    packageManager,
    ...['containerd', 'none'].map((name) => serviceReading(name, ['file:/etc/thing', 'tree:/opt/thing'])),
    ...['vhost_vsock', 'none'].map(moduleReading),
    ...containerd.observe(containerd.config.parse({}), { containerd: blob }),
    hints,
    kvmMachine,
    ...[plugins, images, deprecations].map((question) => question(RANCHER)),
    ...[healthOf(RANCHER), dumpOf(RANCHER)],
    ...kata.observe(kata.config.parse({ memory: 512, source: 'auto' }), { kata: blob }),
  ]
}

/** One object of each kind, on a machine where it is not true yet. */
export const EVERY_OBJECT: HostObject[] = [
  { kind: 'archive', path: '/opt/kata-3.20.0', blob, prefix: 'opt/kata' },
  { kind: 'archive', path: '/usr/local/lib/cni', blob: { ...blob, name: 'cni.tgz' }, prefix: '.' },
  { kind: 'archive', path: '/usr/local/lib/runc', blob: { ...blob, name: 'runc.amd64' }, prefix: '.', program: 'runc' },
  { kind: 'copy', from: '/var/lib/thing', to: '/var/lib/copy' },
  { kind: 'output', argv: ['cat', '/etc/thing'], to: '/var/lib/said' },
  { kind: 'repack', name: 'thing', version: '1:2-3' },
  { kind: 'directory', path: '/etc/thing' },
  {
    kind: 'edit',
    path: '/etc/thing',
    id: 'x',
    intent: 'x',
    fn: (text) => `${text}x\n`,
    validate: { argv: ['x', '{new}'] },
  },
  { kind: 'file', path: '/etc/thing', text: 'x\n', validate: { argv: ['containerd', '-c', '{new}'], forbid: 'x' } },
  { kind: 'hold', name: 'containerd' },
  { kind: 'kernel-module', name: 'vhost_vsock' },
  { kind: 'link', path: '/opt/kata', target: '/opt/kata-3.20.0' },
  { kind: 'package', name: 'containerd', services: ['containerd'] },
  ...(['dnf', 'zypper'] as const).map((manager): HostObject => ({ kind: 'package', name: 'containerd', manager })),
  ...MANAGERS.map((manager): HostObject => ({ kind: 'repository-index', manager, source: '/etc/thing' })),
  { kind: 'resource-file', path: '/usr/local/sbin/runc', blob, mode: '0755' },
  { kind: 'service', name: 'containerd', reads: [fileReading('/etc/thing'), treeReading('/opt/thing')] },
]

/** Each kind's write, undo and halt. */
export function everyWrite(): string[] {
  return EVERY_OBJECT.flatMap((object) => {
    const change = planObject(object, BARE)
    if (!change) throw new Error(`${object.kind}: nothing to do on a bare machine`)
    const { undoer, name } = undoerOf(change.key)
    const befores = [change.before, ...(BEFORE[object.kind] ?? [])]
    return [
      change.script,
      ...befores.map((before) => undoer.restore(name, before, change.after as Cell)),
      ...befores.flatMap((before) => undoer.halt?.(name, before) ?? []),
      ...(undoer.leftovers?.(name) ?? []).map((path) => `rm -rf "$R"${path}`),
    ]
  })
}

const running: Cell = { load: 'loaded', active: 'active', enabled: 'enabled', loaded: 'fresh' }
const BEFORE: Partial<Record<HostObject['kind'], Cell[]>> = {
  directory: [{ mode: '0700' }],
  file: [{ mode: '0644', owner: 'root:root', size: 1, sha: 'cd'.repeat(32) }],
  link: [{ target: '/opt/kata-3.19.0' }],
  service: [running],
}

const OFFERS: Record<string, string> = {
  apt: 'Inst containerd (1.7.24 x)',
  dnf: ' containerd  x86_64  1.7.24-1  repo  1 k',
  zypper: '<solvable type="package" name="containerd" edition="1.7.24-1"',
}
const BARE: View = {
  peek: (reading) => reading.parse(OFFERS[reading.key.split(':')[0] ?? ''] ?? 'none'),
  read: (reading) => BARE.peek(reading) as never,
  touched: () => false,
}
