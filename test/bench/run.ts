import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { NOBODY } from '../../lib/lab/rootless/identity.ts'
import { type Client, floorClient, kcharmClient, timeOf } from './clients.ts'
import type { NodesAnswer, NodesOrder } from './nodes.ts'
import { renderReport, type Row, rowOf } from './report.ts'

const MOST = 10
const SCENARIOS = [
  { nodes: 1, delayMs: 0 },
  { nodes: 1, delayMs: 50 },
  { nodes: 10, delayMs: 0 },
  { nodes: 10, delayMs: 50 },
]

void main(Number(process.env['ROUNDS'] ?? 9), process.argv[2])

/** `rounds`: measured pairs for each scenario. `file`: where the figures go as JSON. */
async function main(rounds: number, file: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-bench-'))
  const nodes = fork(join(__dirname, 'nodes.cjs'))
  try {
    const ports = await prepare(folder, nodes)
    const rows: Row[] = []
    for (const scenario of SCENARIOS) {
      await tell(nodes, { delayMs: scenario.delayMs })
      const some = scenario.nodes === 1 ? ports.slice(0, 1) : ports.slice(1)
      const clients = [kcharmClient(folder, some), floorClient(folder, some)] as const
      rows.push(rowOf(scenario, await rounded(clients, rounds)))
    }
    const report = { node: process.version, cores: availableParallelism(), rounds, rows }
    process.stdout.write(renderReport(report))
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`)
  } finally {
    nodes.kill()
    await once(nodes, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Each round measures one after the other, and the next round the other way round. The first round warms up. */
async function rounded([one, other]: readonly [Client, Client], rounds: number): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    const order: (0 | 1)[] = round % 2 === 0 ? [0, 1] : [1, 0]
    for (const which of order) {
      const ms = await timeOf(which === 0 ? one : other)
      if (round > 0) times[which].push(ms)
    }
  }
  return times
}

/** Nodes with both charms deployed, and what a second deploy sends, recorded. Gives the ports of the nodes to measure: one alone, and the others. */
async function prepare(folder: string, nodes: ChildProcess): Promise<number[]> {
  chmodSync(folder, 0o755)
  for (const name of ['key', 'host']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)])
  }
  const trees = join(folder, 'nodes')
  mkdirSync(trees)
  if (process.getuid?.() === 0) chownSync(trees, NOBODY, NOBODY)
  const [hostKey, clientKey] = ['host', 'key.pub'].map((name) => readFileSync(join(folder, name), 'utf8'))
  const start = { folder: trees, count: 1 + 1 + MOST, hostKey: hostKey ?? '', clientKey: clientKey ?? '' }
  const { nodes: started = [] } = await tell(nodes, { start })
  const archive = await makeStandInKata({})
  writeFileSync(join(folder, 'known_hosts'), started.map(({ knownHostsLine }) => `${knownHostsLine}\n`).join(''))
  writeFileSync(join(folder, 'bundle.yaml'), stringify(bundle(archive)))
  const [recorder = 0, ...ports] = started.map(({ port }) => port)
  await timeOf(kcharmClient(folder, [recorder]))
  await timeOf(kcharmClient(folder, [recorder]))
  for (const name of ['command', 'request']) writeFileSync(join(folder, name), readFileSync(join(trees, name)))
  await timeOf(kcharmClient(folder, ports.slice(0, 1)))
  await timeOf(kcharmClient(folder, ports.slice(1)))
  return ports
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

async function tell(nodes: ChildProcess, order: NodesOrder): Promise<NodesAnswer> {
  const answer = new Promise<NodesAnswer>((resolve) => nodes.once('message', (said: NodesAnswer) => resolve(said)))
  nodes.send(order)
  return await answer
}
