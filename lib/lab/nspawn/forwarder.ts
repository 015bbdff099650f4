import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { ChildProcess, Serializable } from 'node:child_process'
import { KcharmError } from '../../errors/index.ts'
import type { Lab } from '../types.ts'
import { startInBackground } from '../background.ts'
import { cgroupPids, endCgroup, makeCgroup } from '../cgroups.ts'
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
  await endCgroup(lab.id, GROUP) // one that nobody has noted the ports of
  const listening = await Promise.all(lab.nodes.map((node) => listen(node.port)))
  const argv = ['nsenter', `--net=${hub}`, process.execPath, '-e', `(${forward.toString()})()`]
  const cgroups = await makeCgroup(lab.id, GROUP)
  const child = startInBackground(argv, { cgroups, log: logOf(lab), ipc: true })
  try {
    for (const [i, { server }] of listening.entries()) {
      await tell(child, { what: { host: lab.nodes[i]?.ownAddress, port: 22 }, server, log: logOf(lab) })
    }
    await tell(child, { what: 'that is all', log: logOf(lab) })
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

interface Telling {
  what: Serializable
  server?: Server
  log: string
}

/** Passes a message on, with a listening socket, and waits until the process has taken it. */
function tell(child: ChildProcess, { what, server, log }: Telling): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new KcharmError('lab', `the lab's forwarding process ended; see ${log}`))
    child.once('exit', fail)
    child.once('message', () => {
      child.off('exit', fail)
      resolve()
    })
    child.send(what, server)
  })
}
