import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startStandInNode } from '../../lib/lab/rootless/node.ts'
import { NOBODY } from '../../lib/lab/rootless/identity.ts'
import type { Faults } from '../../lib/lab/rootless/network.ts'

/** Sent to the nodes' process: first `start`, then `delayMs` as often as wanted. */
export interface NodesOrder {
  start?: { folder: string; count: number; hostKey: string; clientKey: string }
  /** Round trip time of every connection from now on. */
  delayMs?: number
}

export interface NodesAnswer {
  nodes?: { name: string; port: number; knownHostsLine: string }[]
}

const line: Faults = { delayMs: 0 }

process.on('message', (order: NodesOrder) => {
  line.delayMs = order.delayMs ?? 0
  void start(order.start).then((answer) => process.send?.(answer))
})

async function start(wanted: NodesOrder['start']): Promise<NodesAnswer> {
  if (wanted === undefined) return {}
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(NOBODY)
    process.setuid?.(NOBODY)
  }
  const { folder, count, ...keys } = wanted
  const shell = recordingShell(folder)
  const nodes = Array.from({ length: count }, async (_, index) => {
    const name = `n${index + 1}`
    const own = { name, folder: join(folder, name), base: 'trixie' as const, containerd: false }
    // The first one is for recording only: what it records costs time.
    return await startStandInNode({ ...own, ...keys, faults: line, ...(index === 0 ? { shell } : {}) })
  })
  const started = await Promise.all(nodes)
  return { nodes: started.map(({ name, port, knownHostsLine }) => ({ name, port, knownHostsLine })) }
}

/** A login shell that keeps what it is asked to run, and what comes on its standard input, as `command` and `request`. */
function recordingShell(folder: string): string {
  const shell = join(folder, 'recording-shell')
  writeFileSync(shell, `#!/bin/sh\nprintf %s "$2" >'${folder}/command'\ntee '${folder}/request' | sh "$@"\n`)
  chmodSync(shell, 0o755)
  return shell
}
