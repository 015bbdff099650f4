import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { startRootlessNode, type RootlessNode, type RootlessOptions } from '../../lib/lab/rootless/server.ts'
import type { Target } from '../../lib/ssh/target.ts'
import { makeKey, nodeTree, workspace } from './workspace.ts'

export interface TestNode {
  folder: string
  root: string
  node: RootlessNode
  target: Target
}

/** A rootless node, known by its host key, that goes with the test. */
export async function rootlessNode(options: Partial<RootlessOptions> = {}): Promise<TestNode> {
  const folder = workspace()
  const root = nodeTree(folder)
  const userKey = makeKey(folder, 'user')
  const hostKey = makeKey(folder, 'host').private
  const node = await startRootlessNode({ name: 'n1', root, hostKey, clientKey: userKey.public, ...options })
  onTestFinished(() => node.close())
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, `${node.knownHostsLine}\n`)
  const target = { name: 'n1', host: '127.0.0.1', port: node.port, user: 'op', key: userKey.file, knownHosts }
  return { folder, root, node, target }
}
