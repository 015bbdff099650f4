import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Client } from './measure.ts'

export const KCHARM = join(__dirname, '../../bin/run.cjs')

interface On {
  /** With keys, bundles, inventories and state. */
  folder: string
  ports: number[]
  bundle?: string
  program?: string
}

/** `kcharm deploy` of the bundle on the nodes at these ports. Each set of nodes is a model of its own. */
export function kcharmClient({ folder, ports, bundle = 'bundle.yaml', program = KCHARM }: On): Client {
  const model = `bench-${ports.length}-${ports[0]}`
  const inventory = join(folder, `${model}.yaml`)
  const machines = ports.map((port, index) => ({ name: `m${index}`, address: '127.0.0.1', port, key: 'key' }))
  mkdirSync(folder, { recursive: true })
  writeFileSync(inventory, stringify({ machines, 'known-hosts': 'known_hosts' }))
  const words = ['deploy', 'bundle', join(folder, bundle), '--inventory', inventory, '--model', model, '--yes']
  return { argv: [program, ...words], env: { KCHARM_STATE: join(folder, 'state') } }
}

/** Plain ssh2, sending what kcharm was recorded to send. */
export function floorClient(folder: string, ports: number[]): Client {
  return { argv: [join(__dirname, 'floor.cjs'), folder, ...ports.map(String)] }
}
