import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { NOBODY } from '../../lib/lab/rootless/identity.ts'
import { floorClient, kcharmClient } from './clients.ts'
import { type Client, measure } from './measure.ts'
import type { Kind, NodesAnswer, NodesOrder } from './nodes.ts'

/** Rootless nodes in a process of their own, with keys and a bundle. */
export interface Fleet {
  /** For keys, bundles, inventories and state. */
  folder: string
  /** Starts so many bare nodes. */
  start(count: number, kind?: Kind): Promise<Node[]>
  /** Starts so many nodes, and deploys both charms on them. */
  deployed(count: number): Promise<{ kcharm: Client; floor: Client }>
  /** Round trip time of every connection from now on. */
  delay(ms: number): Promise<void>
  stop(): Promise<void>
}

export interface Node {
  port: number
  /** Its tree. */
  root: string
}

export async function startFleet(): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-bench-'))
  const nodes = fork(join(__dirname, 'nodes.cjs'))
  const tell = async (order: NodesOrder): Promise<NodesAnswer> => {
    const answer = new Promise<NodesAnswer>((resolve) => nodes.once('message', (said: NodesAnswer) => resolve(said)))
    nodes.send(order)
    return await answer
  }
  const keys = makeKeys(folder)
  let last = 0
  const start = async (count: number, kind: Kind = {}): Promise<Node[]> => {
    const names = Array.from({ length: count }, () => `n${++last}`)
    const { nodes = [] } = await tell({ start: { folder: join(folder, 'nodes'), names, ...kind, ...keys } })
    appendFileSync(join(folder, 'known_hosts'), nodes.map(({ knownHostsLine }) => `${knownHostsLine}\n`).join(''))
    return nodes
  }
  let recorded: Promise<void> | undefined
  return {
    folder,
    start,
    async deployed(count) {
      await (recorded ??= record(folder, start))
      const ports = (await start(count)).map(({ port }) => port)
      const kcharm = kcharmClient({ folder, ports })
      await again(() => measure(kcharm))
      return { kcharm, floor: floorClient(folder, ports) }
    },
    async delay(ms) {
      await tell({ delayMs: ms })
    },
    async stop() {
      nodes.kill()
      await once(nodes, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Where all nodes work at once on two processors one may be given up; the same command goes on with it. */
async function again(deploy: () => Promise<unknown>): Promise<void> {
  await deploy().catch(deploy).catch(deploy)
}

function makeKeys(folder: string): { hostKey: string; clientKey: string } {
  chmodSync(folder, 0o755)
  for (const name of ['key', 'host']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)])
  }
  const trees = join(folder, 'nodes')
  mkdirSync(trees)
  if (process.getuid?.() === 0) chownSync(trees, NOBODY, NOBODY)
  return {
    hostKey: readFileSync(join(folder, 'host'), 'utf8'),
    clientKey: readFileSync(join(folder, 'key.pub'), 'utf8'),
  }
}

/** Keeps what a second deploy sends, beside the keys. The node that records is not measured: recording costs time. */
async function record(folder: string, start: Fleet['start']): Promise<void> {
  writeFileSync(join(folder, 'bundle.yaml'), stringify(bundle(await makeStandInKata({}))))
  const ports = (await start(1, { recording: true })).map(({ port }) => port)
  const client = kcharmClient({ folder, ports })
  await measure(client)
  await measure(client)
  for (const name of ['command', 'request']) {
    writeFileSync(join(folder, name), readFileSync(join(folder, 'nodes', name)))
  }
}

function bundle({ path, sha256 }: { path: string; sha256: string }): object {
  return {
    applications: {
      containerd: { charm: 'containerd', to: 'all' },
      kata: { charm: 'kata', options: { preflight: 'warn' }, resources: { kata: { path, sha256 } } },
    },
    relations: [['kata', 'containerd']],
  }
}
