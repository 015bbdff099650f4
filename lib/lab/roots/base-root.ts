import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Base, Say } from '../types.ts'
import { withLock } from '../lock.ts'
import { labCache } from '../paths.ts'
import { run } from '../process.ts'
import { aptSource, makeAptRepo } from './apt-repo.ts'
import { inRoot } from './chroot.ts'
import { readMirror } from './mirror.ts'

const PACKAGES = 'systemd,systemd-sysv,dbus,openssh-server,iproute2,ca-certificates,udev,kmod,procps,sudo,xz-utils'

/**
 * The root file system that nodes share, made once and then only read: a small Debian with sshd, the users root and op, and
 * the lab's own folder as its only apt source; with `containerd` also the distribution's containerd and runc, enabled.
 */
export async function ensureRoot(base: Base, options: { containerd: boolean; say: Say }): Promise<string> {
  const bare = await cached(base, async (root) => {
    options.say(`making the ${base} system that nodes share (once, about a minute)`)
    await makeBare(root, base)
  })
  if (!options.containerd) return bare
  return cached(`${base}+containerd`, async (root) => {
    options.say(`installing Debian's containerd into a copy of the ${base} system (once, a few seconds)`)
    await run(['cp', '-a', bare, root], { leashed: true })
    await installQuietly(root, ['containerd', 'runc'])
  })
}

/** `make` fills a folder that appears under its name only once it is whole; others wait for it. */
export function cached(name: string, make: (root: string) => Promise<void>): Promise<string> {
  const root = join(labCache(), 'roots', name)
  return withLock(`root ${root}`, async () => {
    if (await stat(root).catch(() => undefined)) return root
    const making = `${root}.making`
    await rm(making, { recursive: true, force: true }) // a broken-off attempt
    await mkdir(join(labCache(), 'roots'), { recursive: true })
    await make(making)
    await rename(making, root)
    return root
  })
}

/** apt-get install inside a root file system; its services are enabled but not started. */
export async function installQuietly(
  root: string,
  packages: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  const policy = join(root, 'usr/sbin/policy-rc.d')
  await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...options, ...packages]
  await inRoot(root, install, { online: options.length > 0 })
  await rm(policy)
  await inRoot(root, ['apt-get', 'clean'])
}

async function makeBare(root: string, base: Base): Promise<void> {
  const small = ['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    '--quiet',
    ...small,
    `--include=${PACKAGES}`,
  ]
  await run(['mmdebstrap', ...options, base, root, await readMirror()], { nice: true, leashed: true })
  await makeAptRepo(root, base)
  await rm(join(root, 'etc/apt/sources.list'), { force: true })
  await writeFile(join(root, 'etc/apt/sources.list.d/lab.list'), aptSource(base))
  await inRoot(root, ['apt-get', 'update', '-qq'])
  await settle(root)
}

const UNATTENDED = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'fstrim.timer',
  'systemd-timesyncd.service',
]

/** What is the same on all nodes: users, sshd that logs each session, and nothing that changes files by itself. */
async function settle(root: string): Promise<void> {
  const file = (path: string, text: string, mode = 0o644) => writeFile(join(root, path), text, { mode })
  await run(['sh', '-c', 'rm -f "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id"', 'lab', root])
  await file('etc/machine-id', '')
  await inRoot(root, ['useradd', '--create-home', '--shell', '/bin/bash', '--uid', '1000', 'op'])
  await file('etc/sudoers.d/op', 'op ALL=(ALL) NOPASSWD: ALL\n', 0o440)
  await inRoot(root, ['sh', '-c', 'install -d -m 700 /root/.ssh && install -d -m 700 -o op -g op /home/op/.ssh'])
  await file('etc/ssh/sshd_config.d/lab.conf', 'HostKey /etc/ssh/ssh_host_ed25519_key\nLogLevel VERBOSE\nUseDNS no\n')
  for (const unit of UNATTENDED) await run(['ln', '-sfn', '/dev/null', join(root, 'etc/systemd/system', unit)])
}
