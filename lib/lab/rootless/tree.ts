import { chown, lchown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NOBODY } from './identity.ts'

/** Folders that every system has, whatever is installed. */
export const SKELETON = [
  ...[
    'dev',
    'etc/systemd/system',
    'etc/modules-load.d',
    'lib/modules',
    'opt',
    'proc/self',
    'run',
    'sys/class',
    'sys/module',
  ],
  ...[
    'tmp',
    'usr/bin',
    'usr/lib/systemd/system',
    'usr/local/bin',
    'usr/local/lib',
    'var/cache',
    'var/lib/dpkg/stand-in',
    'var/log',
  ],
]

/** The kernel's own files, as far as readings look at them: a machine without virtualisation and with all capabilities. */
const KERNEL: Record<string, string> = {
  'proc/cpuinfo': 'flags\t\t: fpu hypervisor\n',
  'proc/self/status': 'CapBnd:\t000001ffffffffff\n',
  'lib/modules/stand-in': 'vhost_vsock\nvhost_net\noverlay\n',
}

/** Makes the file tree of a bare machine; below root's hands it belongs to `nobody`, as a rootless node never runs as root. */
export async function makeTree(root: string): Promise<void> {
  for (const folder of SKELETON) await mkdir(join(root, folder), { recursive: true, mode: 0o755 })
  for (const [path, text] of Object.entries(KERNEL)) await writeFile(join(root, path), text)
  await writeFile(
    join(root, 'etc/os-release'),
    'ID=stand-in\nID_LIKE=debian\nPRETTY_NAME="a rootless node of kcharm"\n',
  )
  if (process.getuid?.() === 0) await giveAway(root)
}

async function giveAway(folder: string): Promise<void> {
  await chown(folder, NOBODY, NOBODY)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await giveAway(path)
    else await lchown(path, NOBODY, NOBODY)
  }
}
