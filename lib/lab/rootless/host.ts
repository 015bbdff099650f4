import { join } from 'node:path'
import type { Base } from '../types.ts'
import { NOBODY } from './identity.ts'
import { startStandInNode } from './node.ts'

/** What the lab's process is told by the command that starts it. */
export interface HostOrder {
  /** Holds a folder for each node. */
  folder: string
  clientKey: string
  nodes: { name: string; base: Base; containerd: boolean; hostKey: string; port: number }[]
}

export type HostAnswer = { ports: number[] } | { error: string }

// The program of a rootless lab's process: all its nodes, until it is ended.
process.once('message', (order: HostOrder) => {
  host(order).then(
    (ports) => process.send?.({ ports } satisfies HostAnswer),
    (error: Error) => process.send?.({ error: error.message } satisfies HostAnswer, () => process.exit(1)),
  )
})

async function host({ folder, clientKey, nodes }: HostOrder): Promise<number[]> {
  if (process.getuid?.() === 0) becomeNobody()
  const started = await Promise.all(
    nodes.map((node) => startStandInNode({ ...node, clientKey, folder: join(folder, node.name) })),
  )
  return started.map(({ port }) => port)
}

/** Nothing of a rootless node runs as root, its server neither. */
function becomeNobody(): void {
  process.setgroups?.([])
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
