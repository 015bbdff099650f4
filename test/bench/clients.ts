import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** A command that is measured as a whole process. */
export interface Client {
  argv: string[]
  env: Record<string, string>
}

/** `kcharm deploy` of the bundle on the nodes at these ports. Each set of nodes is a model of its own. */
export function kcharmClient(folder: string, ports: number[]): Client {
  const model = `bench-${ports.length}-${ports[0]}`
  const inventory = join(folder, `${model}.yaml`)
  const machines = ports.map((port, index) => ({ name: `m${index}`, address: '127.0.0.1', port, key: 'key' }))
  mkdirSync(folder, { recursive: true })
  writeFileSync(inventory, stringify({ machines, 'known-hosts': 'known_hosts' }))
  const words = ['deploy', 'bundle', join(folder, 'bundle.yaml'), '--inventory', inventory, '--model', model, '--yes']
  return { argv: [join(__dirname, '../../bin/run.js'), ...words], env: { KCHARM_STATE: join(folder, 'state') } }
}

export function floorClient(folder: string, ports: number[]): Client {
  return { argv: [join(__dirname, 'floor.cjs'), folder, ...ports.map(String)], env: {} }
}

/** Milliseconds from start to end of the process; throws when it fails. */
export function timeOf({ argv, env }: Client): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(process.execPath, argv, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => said.push(bytes))
    child.on('error', reject)
    child.on('close', (status) => {
      if (status === 0) resolve(performance.now() - started)
      else reject(new Error(`${argv.join(' ')}: ${status}\n${Buffer.concat(said).toString()}`))
    })
  })
}
