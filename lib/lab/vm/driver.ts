import { once } from 'node:events'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { KcharmError } from '../../errors/index.ts'
import type { Lab, LabNode, Say } from '../types.ts'
import { startInBackground } from '../background.ts'
import { cgroupPids, endCgroup, makeCgroup } from '../cgroups.ts'
import type { NodeDriver } from '../node-driver.ts'
import { run } from '../process.ts'
import { consoleOf, nodeFolder, withPorts } from '../record.ts'
import { readSeed } from '../seed.ts'
import { ensureImage } from './image.ts'
import { packSeed } from './initrd.ts'
import { qemuCommand } from './qemu.ts'

/** Nodes that are emulated machines (QEMU without this machine's KVM): a kernel, a /dev/kvm and cgroups of their own. */
export const vm: NodeDriver = { prepare, open, start, stop, isRunning }

async function prepare(lab: Lab, say: Say): Promise<void> {
  if (process.arch !== 'x64')
    throw new KcharmError('lab', `emulated nodes need an x86_64 machine; this is ${process.arch}`)
  for (const { containerd } of lab.nodes) await ensureImage({ containerd, say })
}

async function open(lab: Lab): Promise<Lab> {
  const ports = []
  for (const { port } of lab.nodes) ports.push(port || (await freePort()))
  return withPorts(lab, ports)
}

async function start(lab: Lab, node: LabNode): Promise<void> {
  const image = await ensureImage({ containerd: node.containerd, say: () => undefined })
  const disk = join(nodeFolder(lab, node), 'disk.ext4')
  const initrd = join(nodeFolder(lab, node), 'initrd')
  if (!(await stat(initrd).catch(() => undefined))) {
    await run(['cp', '--sparse=always', '--reflink=auto', image.disk, disk])
    await writeFile(`${initrd}.new`, Buffer.concat([await readFile(image.initrd), packSeed(await readSeed(lab, node))]))
    await rename(`${initrd}.new`, initrd) // last: with it the node is whole
  }
  startInBackground(
    qemuCommand(image, { name: node.name, port: node.port, cpu: lab.cpu, disk, initrd, console: consoleOf(lab, node) }),
    {
      cgroups: await makeCgroup(lab.id, node.name),
      log: consoleOf(lab, node), // what QEMU itself says comes before it
    },
  )
}

async function stop(lab: Lab, node: LabNode): Promise<void> {
  await endCgroup(lab.id, node.name)
}

async function isRunning(lab: Lab, node: LabNode): Promise<boolean> {
  return (await cgroupPids(lab.id, node.name)).length > 0
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((done) => server.close(done))
  return address !== null && typeof address === 'object' ? address.port : 0
}
