import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { startStandInNode } from '../../lib/lab/rootless/node.ts'
import { makeKey, workspace } from '../ssh/workspace.ts'
import { ROOT, shell, type Shell } from './kcharm.ts'

export const LAB = join(ROOT, 'bundles/lab.yaml')

export interface CliLab extends Shell {
  /** The root folders of the nodes n1, n2, … */
  roots: string[]
  /** That of n1. */
  root: string
  /** What a deploy of the lab's bundle needs besides. */
  deploy: string[]
}

/** A user's shell with an inventory of rootless nodes. */
export async function lab(count = 1): Promise<CliLab> {
  const sh = shell()
  const place = workspace()
  const key = makeKey(sh.folder, 'user')
  const hostKey = makeKey(sh.folder, 'host').private
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const name = `n${i + 1}`
      const folder = join(place, name)
      mkdirSync(folder, { mode: 0o755 })
      const given = { name, folder, base: 'trixie' as const, containerd: false }
      const node = await startStandInNode({ ...given, hostKey, clientKey: key.public })
      onTestFinished(() => node.close())
      return { name, port: node.port, knownHostsLine: node.knownHostsLine, root: join(folder, 'root') }
    }),
  )
  writeFileSync(join(sh.folder, 'known_hosts'), nodes.map(({ knownHostsLine }) => `${knownHostsLine}\n`).join(''))
  const machines = nodes.map(({ name, port }) => ({ name, address: '127.0.0.1', port, user: 'root', key: 'user' }))
  const inventory = { machines, 'known-hosts': 'known_hosts', 'ssh-config': 'none' }
  writeFileSync(join(sh.folder, 'inventory.yaml'), stringify(inventory))
  const { path } = await makeStandInKata({})
  const roots = nodes.map(({ root }) => root)
  return { ...sh, roots, root: roots[0] ?? '', deploy: ['-i', 'inventory.yaml', '--resource', `kata:kata=${path}`] }
}
