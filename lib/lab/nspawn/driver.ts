import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import type { Lab, LabNode, Say } from '../types.ts'
import type { NodeDriver } from '../node-driver.ts'
import { withLock } from '../lock.ts'
import { sharedFolder } from '../paths.ts'
import { run } from '../process.ts'
import { consoleOf, nodeFolder, withPorts } from '../record.ts'
import { ensureRoot } from '../roots/base-root.ts'
import { readSeed } from '../seed.ts'
import { startInBackground } from '../background.ts'
import { cgroupPids, endCgroup, makeCgroup } from '../cgroups.ts'
import { lendControllers } from './controllers.ts'
import { isForwarding, startForwarder } from './forwarder.ts'
import { mountsBelow, unmountBelow } from '../mounts.ts'
import { connectNode, disconnectNode, ensureHub } from './network.ts'
import { sow } from './seed.ts'
import { saveSysctls } from './sysctls.ts'

/** Nodes that are systemd containers: systemd-nspawn over an overlay of a common root file system. */
export const nspawn: NodeDriver = { prepare, open, start, stop, isRunning }

async function prepare(lab: Lab, say: Say): Promise<void> {
  for (const { base, containerd } of lab.nodes) await ensureRoot(base, { containerd, say })
}

async function open(lab: Lab): Promise<Lab> {
  await withLock('machine', async () => {
    await saveSysctls()
    await lendControllers()
    await makeCgroup(lab.id, 'forwarder') // from now on this is a lab that must end before the values are put back
  })
  const hub = await ensureHub(lab)
  const noted = lab.nodes.every(({ port }) => port !== 0) // not so when we were killed before the ports could be written down
  return noted && (await isForwarding(lab)) ? lab : withPorts(lab, await startForwarder(lab, hub))
}

async function start(lab: Lab, node: LabNode): Promise<void> {
  const root = await mountRoot(lab, node)
  const namespace = await connectNode(lab, node)
  const binds = []
  for (const path of OWN_DISK) {
    const own = join(nodeFolder(lab, node), 'disk', path)
    await mkdir(own, { recursive: true })
    binds.push(`--bind=${own}:/${path}`)
  }
  startInBackground(
    [
      'systemd-nspawn',
      ...machineOptions(lab, node),
      `-D${root}`,
      `--network-namespace-path=${namespace}`,
      ...binds,
      ...INIT,
    ],
    {
      cgroups: await makeCgroup(lab.id, node.name),
      log: consoleOf(lab, node),
      env: { SYSTEMD_SECCOMP: '0', SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'yes' },
    },
  )
}

async function stop(lab: Lab, node: LabNode): Promise<void> {
  const root = join(nodeFolder(lab, node), 'root')
  const { dev, ino } = await stat(root).catch(() => ({ dev: 0, ino: 0 }))
  await endCgroup(lab.id, node.name)
  await unmountBelow(root)
  await disconnectNode(lab, node)
  const name = machineName(lab, node)
  await unmountBelow(join('/run/systemd/nspawn/unix-export', name))
  for (const left of [`propagate/${name}`, `unix-export/${name}`, `locks/inode-${dev}:${ino}`]) {
    await rm(join('/run/systemd/nspawn', left), { recursive: true, force: true }) // it was given no time to do it itself
  }
}

async function isRunning(lab: Lab, node: LabNode): Promise<boolean> {
  return (await cgroupPids(lab.id, node.name)).length > 0
}

/** The host's number of a node's process 1; undefined when it is off. Its /proc/PID/root is the node's file system, /run and all. */
export async function leaderOf(lab: Lab, node: LabNode): Promise<number | undefined> {
  for (const pid of await cgroupPids(lab.id, node.name)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    if (/^NSpid:\t\d+\t1$/m.test(status)) return pid
  }
  return undefined
}

// Image layers and pod volumes cannot lie on an overlay: these are folders of the machine's own disk.
const OWN_DISK = ['var/lib/containerd', 'var/lib/kubelet']

function machineOptions(lab: Lab, node: LabNode): string[] {
  return [
    ...[
      '--quiet',
      `--machine=${machineName(lab, node)}`,
      `--hostname=${node.name}`,
      '--register=no',
      '--keep-unit',
      '--capability=all',
    ],
    ...['--kill-signal=SIGRTMIN+3', '--link-journal=no', '--resolv-conf=off', '--timezone=off'],
    ...['--bind=/dev/kmsg', '--bind=/dev/fuse', '--bind=/dev/net/tun', `--bind-ro=${sharedFolder()}:/lab`],
  ]
}

// systemd-nspawn mounts cgroup version 1 controllers read-only and / private; containers in the node need both otherwise.
const BOOT = `mount -o remount,bind,rw /sys/fs/cgroup
[ -f /sys/fs/cgroup/cgroup.procs ] || for c in /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$c"; done
mount --make-rshared /
exec /lib/systemd/systemd`
const INIT = ['/bin/sh', '-c', BOOT]

function machineName(lab: Lab, node: LabNode): string {
  return `kcharm-${lab.id}-${node.name}`
}

async function mountRoot(lab: Lab, node: LabNode): Promise<string> {
  const [root = '', upper = '', work = ''] = ['root', 'upper', 'work'].map((name) => join(nodeFolder(lab, node), name))
  if ((await mountsBelow(root)).length === 0) {
    for (const path of [root, upper, work]) await mkdir(path, { recursive: true })
    const lower = await ensureRoot(node.base, { containerd: node.containerd, say: () => undefined })
    await run([
      'mount',
      '-t',
      'overlay',
      `lab-${node.name}`,
      '-o',
      `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
      root,
    ])
  }
  const sown = join(nodeFolder(lab, node), 'sown')
  if (!(await stat(sown).catch(() => undefined))) {
    await sow(root, await readSeed(lab, node))
    await run(['chroot', root, 'depmod', release()])
    await writeFile(sown, '')
  }
  return root
}
