import { cp, copyFile, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Base, Say } from '../types.ts'
import { sharedFolder } from '../paths.ts'
import { run } from '../process.ts'
import { cached, ensureRoot, installQuietly } from '../roots/base-root.ts'
import { inRoot } from '../roots/chroot.ts'
import { readMirror } from '../roots/mirror.ts'
import { makeInitrd } from './initrd.ts'

/** What an emulated node starts from, in the cache. */
export interface VmImage {
  /** A raw ext4 file system, sparse. */
  disk: string
  kernel: string
  initrd: string
  /** A root file system whose own QEMU runs the nodes: older ones of this machine may not (Debian 12's breaks the kernel's atomics). */
  root: string
}

const BASE: Base = 'trixie'

// A kernel with KVM and vhost modules; QEMU to run this node, and guests in it; a static busybox for the initial RAM disk.
const PACKAGES = [
  'linux-image-cloud-amd64',
  'qemu-system-x86',
  'virtiofsd',
  'busybox-static',
  'e2fsprogs',
  'iptables',
  'zstd',
]

/** Makes the disk image of emulated nodes once: a Debian 13 with a kernel of its own; with `containerd` also Debian's containerd. */
export async function ensureImage(options: { containerd: boolean; say: Say }): Promise<VmImage> {
  const bare = await cached('vm', async (folder) => {
    const source = await ensureRoot(BASE, { containerd: false, say: options.say })
    options.say('making the disk of emulated nodes (once, one or two minutes)')
    await mkdir(folder)
    await makeSystem(source, join(folder, 'root'))
    await makeBootFiles(join(folder, 'root'), folder)
    await makeDisk(join(folder, 'root'), folder)
  })
  const image = {
    disk: join(bare, DISK),
    kernel: join(bare, 'vmlinuz'),
    initrd: join(bare, 'initrd'),
    root: join(bare, 'root'),
  }
  if (!options.containerd) return image
  const other = await cached('vm+containerd', async (folder) => {
    options.say("making the disk of emulated nodes with Debian's containerd (once, half a minute)")
    await mkdir(folder)
    const root = join(folder, 'root')
    await run(['cp', '-a', image.root, root], { leashed: true })
    await installQuietly(root, ['containerd', 'runc'])
    await makeDisk(root, folder)
    await rm(root, { recursive: true })
  })
  return { ...image, disk: join(other, DISK) }
}

async function makeSystem(source: string, root: string): Promise<void> {
  await run(['cp', '-a', source, root], { leashed: true })
  await writeFile(join(root, 'tmp/online.list'), `deb ${await readMirror()} ${BASE} main\n`)
  const online = ['-o', 'Dir::Etc::sourcelist=/tmp/online.list', '-o', 'Dir::Etc::sourceparts=-']
  await inRoot(root, ['apt-get', 'update', '-qq', ...online], { online: true })
  await writeFile(join(root, 'etc/kernel-img.conf'), 'do_symlinks = no\n')
  await installQuietly(root, PACKAGES, online)
  await rm(join(root, 'tmp/online.list'))
  await inRoot(root, ['apt-get', 'update', '-qq']) // the lab's own folder again
  await writeFile(join(root, 'etc/fstab'), '/dev/vda / ext4 noatime 0 1\n')
  const network = '[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\n'
  await writeFile(join(root, 'etc/systemd/network/10-eth0.network'), network)
  await inRoot(root, ['systemctl', 'enable', '--quiet', 'systemd-networkd'])
  await inRoot(root, ['systemctl', 'mask', '--quiet', 'systemd-networkd-wait-online.service', 'getty@tty1.service'])
}

async function makeBootFiles(root: string, folder: string): Promise<void> {
  const [kernel = ''] = await readdir(join(root, 'lib/modules'))
  await copyFile(join(root, 'boot', `vmlinuz-${kernel}`), join(folder, 'vmlinuz'))
  await writeFile(join(folder, 'initrd'), await makeInitrd(root, kernel))
}

const DISK = 'disk.ext4'

async function makeDisk(root: string, folder: string): Promise<void> {
  const apt = join(root, 'lab/apt')
  await cp(join(sharedFolder(), 'apt', BASE), join(apt, BASE), { recursive: true }) // it cannot see this machine's folder
  const disk = join(folder, DISK)
  await writeFile(disk, '')
  await truncate(disk, 8 * 2 ** 30)
  await run(['mkfs.ext4', '-q', '-E', 'lazy_itable_init=1', '-d', root, disk], { nice: true, leashed: true })
  await rm(apt, { recursive: true })
}
