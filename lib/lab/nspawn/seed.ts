import { chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { dirname, join } from 'node:path'
import type { SeedFile } from '../seed.ts'

// The kernel and /sys belong to all nodes: none may drive devices or mount kernel file systems.
const MASKED = [
  ...['systemd-udevd.service', 'systemd-udevd-control.socket', 'systemd-udevd-kernel.socket'],
  ...['systemd-udev-trigger.service', 'systemd-udev-settle.service', 'systemd-journald-audit.socket'],
  ...['sys-kernel-debug.mount', 'sys-kernel-config.mount', 'sys-kernel-tracing.mount'],
  ...['sys-fs-fuse-connections.mount', 'dev-hugepages.mount', 'console-getty.service', 'getty@.service'],
]

// A node has no modules. Those that containerd and a kubelet ask for it has as parts of its kernel: modprobe then succeeds.
const BUILT_IN = [
  ...['fs/overlayfs/overlay', 'net/bridge/bridge', 'net/bridge/br_netfilter', 'net/netfilter/nf_conntrack'],
  ...[
    'net/ipv4/netfilter/ip_tables',
    'net/netfilter/nf_tables',
    'drivers/net/vxlan/vxlan',
    'drivers/net/veth',
    'drivers/net/tun',
  ],
]

/** Lays what makes a node itself over its root file system, and what it must not do as a container. */
export async function sow(root: string, files: readonly SeedFile[]): Promise<void> {
  for (const file of [...files, ...modulesOf(release())]) await put(root, file)
  for (const unit of MASKED) {
    const path = join(root, 'etc/systemd/system', unit)
    await rm(path, { force: true })
    await symlink('/dev/null', path)
  }
}

async function put(root: string, file: SeedFile): Promise<void> {
  const path = join(root, file.path)
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { force: true }) // never through a link
  await writeFile(path, file.text, { mode: file.mode })
  if (file.owner !== undefined) await chown(path, file.owner, file.owner)
}

function modulesOf(kernel: string): SeedFile[] {
  const folder = `lib/modules/${kernel}`
  const built = BUILT_IN.map((name) => `kernel/${name}.ko\n`).join('')
  return [
    { path: `${folder}/modules.order`, text: '', mode: 0o644 },
    { path: `${folder}/modules.builtin`, text: built, mode: 0o644 },
  ]
}
