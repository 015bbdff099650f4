import { readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { inRoot } from '../roots/chroot.ts'
import type { SeedFile } from '../seed.ts'
import { packCpio, type CpioEntry } from './cpio.ts'

// What a disk needs to be mounted; those that are parts of the kernel have no file and no line in modules.dep.
const NEEDED = ['virtio_pci', 'virtio_blk', 'ext4']

// The disk is the same for all nodes until its first boot; /seed makes it this node's.
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /order); do /bin/busybox insmod "/modules/$module"; done
while [ ! -b /dev/vda ]; do /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 -o noatime /dev/vda /mnt
[ -s /mnt/etc/machine-id ] || { /bin/busybox cp -a /seed/. /mnt/; /bin/busybox sync; }
/bin/busybox umount /dev
exec /bin/busybox switch_root /mnt /sbin/init
`

/** The first RAM disk of the nodes made from a root file system with one kernel: it mounts the disk and hands over. */
export async function makeInitrd(root: string, kernel: string): Promise<Buffer> {
  const modules = await readModules(root, kernel)
  return packCpio([
    ...['bin', 'dev', 'mnt', 'modules'].map((path) => ({ path, mode: 0o755 })),
    { path: 'bin/busybox', mode: 0o755, bytes: await readFile(join(root, 'bin/busybox')) },
    { path: 'init', mode: 0o755, bytes: Buffer.from(INIT) },
    { path: 'order', mode: 0o644, bytes: Buffer.from(modules.map(({ name }) => `${name}\n`).join('')) },
    ...modules.map(({ name, bytes }) => ({ path: `modules/${name}`, mode: 0o644, bytes })),
  ])
}

const UNPACK =
  'mkdir -p /boot/plain; cd "/lib/modules/$1"; shift; for f; do xz -dc "$f" >"/boot/plain/$(basename "$f" .xz)"; done'

async function readModules(root: string, kernel: string): Promise<{ name: string; bytes: Buffer }[]> {
  const files = inLoadOrder(await readFile(join(root, 'lib/modules', kernel, 'modules.dep'), 'utf8'), NEEDED)
  await inRoot(root, ['sh', '-ec', UNPACK, 'lab', kernel, ...files])
  const names = files.map(plainName)
  const modules = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(join(root, 'boot/plain', name)) })),
  )
  await rm(join(root, 'boot/plain'), { recursive: true })
  return modules
}

/** A second archive that the kernel unpacks over the first: one node's own files, for its first boot. */
export function packSeed(files: readonly SeedFile[]): Buffer {
  const folders = new Map<string, CpioEntry>([['seed', { path: 'seed', mode: 0o755 }]])
  for (const { path, owner = 0 } of files) {
    const parts = `seed/${path}`.split('/')
    for (let i = 1; i < parts.length; i += 1) {
      const folder = parts.slice(0, i).join('/')
      const own = folder.endsWith('/.ssh') || folder === 'seed/root' ? 0o700 : 0o755
      folders.set(folder, { path: folder, mode: own, owner: folder.startsWith('seed/home/') ? owner : 0 })
    }
  }
  const entries = files.map(({ path, text, mode, owner = 0 }) => ({
    path: `seed/${path}`,
    mode,
    owner,
    bytes: Buffer.from(text),
  }))
  return packCpio([...folders.values(), ...entries])
}

/** The files of some modules, each after those that it needs. `dependencies` is a modules.dep. */
export function inLoadOrder(dependencies: string, names: readonly string[]): string[] {
  const lines = dependencies.split('\n').map((line) => line.split(/:? +|:$/).filter((word) => word !== ''))
  const wanted = names.flatMap((name) => lines.filter(([file = '']) => plainName(file) === `${name}.ko`))
  return [...new Set(wanted.flatMap((line) => line.toReversed()))]
}

function plainName(file: string): string {
  return basename(file).replace(/\.xz$/, '')
}
