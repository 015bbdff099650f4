import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startStandInNode } from '../../lib/lab/rootless/node.ts'
import { NOBODY } from '../../lib/lab/rootless/identity.ts'
import { startRootlessNode } from '../../lib/lab/rootless/server.ts'
import { makeTree } from '../../lib/lab/rootless/tree.ts'
import type { Faults } from '../../lib/lab/rootless/network.ts'

/** Sent to the nodes' process, as often as wanted. */
export interface NodesOrder {
  start?: { folder: string; names: string[]; hostKey: string; clientKey: string } & Kind
  /** Round trip time of every connection from now on. */
  delayMs?: number
}

export interface Kind {
  /** Keeps what it is asked, which costs time. */
  recording?: boolean
  /** Without stand-ins: this machine's own programs over a tree of its own. */
  plain?: boolean
}

export interface NodesAnswer {
  nodes?: { root: string; port: number; knownHostsLine: string }[]
}

const line: Faults = { delayMs: 0 }

if (process.getuid?.() === 0) {
  process.setgroups?.([])
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
process.on('message', (order: NodesOrder) => {
  line.delayMs = order.delayMs ?? 0
  void start(order.start).then((answer) => process.send?.(answer))
})

async function start(wanted: NodesOrder['start']): Promise<NodesAnswer> {
  if (wanted === undefined) return {}
  const { folder, names, recording, plain, ...keys } = wanted
  const shell = recording ? { shell: recordingShell(folder) } : plain ? {} : { shell: lowShell(folder) }
  const nodes = names.map(async (name) => {
    const own = { name, ...keys, ...shell, faults: line }
    const root = join(folder, name, 'root')
    if (plain) await makeTree(root)
    const { port, knownHostsLine } = plain
      ? await startRootlessNode({ ...own, root })
      : await startStandInNode({ ...own, folder: join(folder, name), base: 'trixie', containerd: false })
    return { root, port, knownHostsLine }
  })
  return { nodes: await Promise.all(nodes) }
}

/** A login shell that gives way: all nodes share the processors of this machine with the servers that answer for them. */
function lowShell(folder: string): string {
  const shell = join(folder, 'low-shell')
  writeFileSync(shell, '#!/bin/sh\nexec nice -n 19 sh "$@"\n')
  chmodSync(shell, 0o755)
  return shell
}

/** A login shell that keeps what it is asked to run, and what comes on its standard input, as `command` and `request`. */
function recordingShell(folder: string): string {
  const shell = join(folder, 'recording-shell')
  writeFileSync(shell, `#!/bin/sh\nprintf %s "$2" >'${folder}/command'\ntee '${folder}/request' | sh "$@"\n`)
  chmodSync(shell, 0o755)
  return shell
}
