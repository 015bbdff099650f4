import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { KcharmError } from '../../errors/index.ts'
import type { Lab } from '../types.ts'
import { startInBackground } from '../background.ts'
import { cgroupPids, makeCgroup } from '../cgroups.ts'
import { forward } from './forward.ts'

const GROUP = 'forwarder'

/** Whether the lab's ports are forwarded. */
export async function isForwarding(lab: Lab): Promise<boolean> {
  return (await cgroupPids(lab.id, GROUP)).length > 0
}

/**
 * Starts the process that forwards a port of 127.0.0.1 to each node's sshd, and gives the ports: those that the lab had, or
 * free ones. It is a process of its own, because it must live in the lab's network and longer than the command that made it.
 */
export async function startForwarder(lab: Lab, hub: string): Promise<number[]> {
  const listening = await Promise.all(lab.nodes.map((node) => listen(node.port)))
  const argv = ['nsenter', `--net=${hub}`, process.execPath, '-e', `(${forward.toString()})()`]
  const cgroups = await makeCgroup(lab.id, GROUP)
  const child = startInBackground(argv, { cgroups, log: logOf(lab), ipc: true })
  try {
    for (const [i, { server }] of listening.entries())
      await hand(child, { server, host: lab.nodes[i]?.ownAddress, log: logOf(lab) })
  } finally {
    for (const { server } of listening) server.close()
    if (child.connected) child.disconnect()
  }
  return listening.map(({ port }) => port)
}

function logOf(lab: Lab): string {
  return join(lab.dir, 'forwarder.log')
}

async function listen(wanted: number): Promise<{ server: Server; port: number }> {
  const server = createServer()
  server.listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new KcharmError('lab', `port ${wanted} of 127.0.0.1, which the lab used before, is taken`, { cause })
  }
  const address = server.address()
  return { server, port: address !== null && typeof address === 'object' ? address.port : 0 }
}

/** Passes a listening socket on and waits until the process has it. */
function hand(child: ChildProcess, what: { server: Server; host: string | undefined; log: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new KcharmError('lab', `the lab's forwarding process ended; see ${what.log}`))
    child.once('exit', fail)
    child.once('message', () => {
      child.off('exit', fail)
      resolve()
    })
    child.send({ host: what.host, port: 22 }, what.server)
  })
}
