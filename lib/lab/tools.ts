import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import type { Kind, Say } from './types.ts'
import { environment, run } from './process.ts'

/** A program that a lab runs on this machine, and the Debian package that has it. */
const TOOLS: Record<Kind, Record<string, string>> = {
  nspawn: {
    mmdebstrap: 'mmdebstrap',
    'systemd-nspawn': 'systemd-container',
    ip: 'iproute2',
    ssh: 'openssh-client',
    unshare: 'util-linux',
  },
  vm: {
    mmdebstrap: 'mmdebstrap',
    ssh: 'openssh-client',
    unshare: 'util-linux',
    'mkfs.ext4': 'e2fsprogs',
  },
  rootless: {
    ssh: 'openssh-client',
    flock: 'util-linux',
    perl: 'perl',
    xz: 'xz-utils',
  },
}

/** Installs the packages whose programs a lab of this kind needs and this machine lacks, after saying so. */
export async function ensureTools(kind: Kind, say: Say): Promise<void> {
  if (process.platform !== 'linux') throw new KcharmError('lab', `a lab needs Linux; this is ${process.platform}`)
  const isRoot = process.getuid?.() === 0
  if (!isRoot && kind !== 'rootless') throw new KcharmError('lab', 'real nodes need root on this machine', ROOTLESS)
  const packages = await missingPackages(kind)
  if (packages.length === 0) return
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]
  if (!isRoot || !(await isThere('apt-get'))) {
    throw new KcharmError('lab', `this machine lacks the programs of these Debian packages: ${packages.join(', ')}`)
  }
  say(`installing on this machine, to make the lab's nodes: ${packages.join(', ')} (apt-get install)`)
  const patient = ['-o', 'DPkg::Lock::Timeout=300'] // somebody else may be at it
  await run(['apt-get', 'update', '-qq'])
  await run([...command, '-qq', ...patient], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
}

const ROOTLESS = { hint: 'kcharm lab up --rootless makes nodes that need no root.' }

async function missingPackages(kind: Kind): Promise<string[]> {
  const tools = Object.entries(TOOLS[kind])
  const there = await Promise.all(tools.map(([program]) => isThere(program)))
  return [...new Set(tools.filter((_, i) => !there[i]).map(([, name]) => name))].sort()
}

async function isThere(program: string): Promise<boolean> {
  const folders = (environment()['PATH'] ?? '').split(delimiter)
  const tries = folders.map((folder) =>
    access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    ),
  )
  return (await Promise.all(tries)).includes(true)
}
