import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A command that is measured as a whole process. */
export interface Client {
  argv: string[]
  env?: Record<string, string>
  /** Default: this node. */
  program?: string
}

export interface Measured {
  /** From start to end of the process. */
  ms: number
  /** Processor time, user and system. Of node's processes only, as is the next. */
  cpuMs: number
  /** The most memory that it held at any time (RSS), in MB of 10^6 bytes. */
  peakMb: number
}

/** Runs it once. Throws, with what it said, when it fails. */
export async function measure(client: Client): Promise<Measured & { said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-usage-'))
  const file = join(folder, 'usage')
  try {
    const { ms, said } = await timeOf(client, {
      NODE_OPTIONS: `--require=${join(__dirname, 'usage.cjs')}`,
      BENCH_USAGE: file,
    })
    if (client.program !== undefined) return { ms, said, cpuMs: NaN, peakMb: NaN }
    const usage = JSON.parse(readFileSync(file, 'utf8')) as NodeJS.ResourceUsage
    return { ms, said, cpuMs: (usage.userCPUTime + usage.systemCPUTime) / 1000, peakMb: (usage.maxRSS * 1024) / 1e6 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Rounds of all clients one after the other, every second round the other way round; the first round warms up and is not
 * counted. Gives the medians, client by client.
 */
export async function compare(clients: Client[], rounds: number): Promise<Measured[]> {
  const all: Measured[][] = clients.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    const order = [...clients.keys()]
    for (const which of round % 2 === 0 ? order : order.reverse()) {
      const client = clients[which]
      if (client === undefined) continue
      const measured = await measure(client)
      if (round > 0) all[which]?.push(measured)
    }
  }
  return all.map(medians)
}

function medians(all: Measured[]): Measured {
  const of = (key: keyof Measured) => median(all.map((each) => each[key]))
  return { ms: of('ms'), cpuMs: of('cpuMs'), peakMb: of('peakMb') }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2
}

function timeOf(
  { program = process.execPath, argv, env }: Client,
  more: Record<string, string>,
): Promise<{ ms: number; said: string }> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const environment = { ...process.env, ...more, ...env }
    const child = spawn(program, argv, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    const pieces: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => pieces.push(bytes))
    child.on('error', reject)
    child.on('close', (status) => {
      const said = Buffer.concat(pieces).toString()
      if (status === 0) resolve({ ms: performance.now() - started, said })
      else reject(new Error(`${[program, ...argv].join(' ')}: ${status}\n${said}`))
    })
  })
}
