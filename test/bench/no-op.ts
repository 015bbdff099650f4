import type { Fleet } from './fleet.ts'
import { compare } from './measure.ts'
import { asMb, asMs, asRatio, type Table } from './report.ts'

interface Scenario {
  nodes: number
  delays: number[]
  /** Rounds at most: a large fleet takes its time. */
  most?: number
}

const FEW: Scenario[] = [
  { nodes: 1, delays: [0, 50] },
  { nodes: 10, delays: [0, 50] },
]
const MANY: Scenario[] = [
  { nodes: 60, delays: [50], most: 5 },
  { nodes: 500, delays: [50], most: 3 },
]

/** A deploy that has nothing to do beside the floor. */
export async function fewNodes(fleet: Fleet, rounds: number): Promise<Table> {
  return await noOp(fleet, FEW, rounds)
}

/** The same on as many nodes as one process serves. */
export async function manyNodes(fleet: Fleet, rounds: number): Promise<Table> {
  return await noOp(fleet, MANY, rounds)
}

async function noOp(fleet: Fleet, scenarios: Scenario[], rounds: number): Promise<Table> {
  const rows: string[][] = []
  for (const { nodes, delays, most = rounds } of scenarios) {
    await fleet.delay(0)
    const { kcharm, floor } = await fleet.deployed(nodes)
    for (const delay of delays) {
      await fleet.delay(delay)
      const [ours, least] = await compare([kcharm, floor], Math.min(rounds, most))
      if (!ours || !least) continue
      const [times, more] = [ours.ms / least.ms, ours.ms - least.ms]
      const cells = [asMs(ours.ms), asMs(least.ms), asRatio(times), asMs(more), asMs(ours.cpuMs - least.cpuMs)]
      rows.push([String(nodes), asMs(delay), ...cells, asMb(ours.peakMb), asMb(150 + 0.3 * nodes)])
    }
  }
  const head = ['nodes', 'round trip', 'kcharm', 'floor', 'ratio', 'more', 'more CPU', 'memory', 'allowed']
  return { title: 'A deploy that has nothing to do, beside plain ssh2 sending the same bytes', head, rows }
}
