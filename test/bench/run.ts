import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Fleet, startFleet } from './fleet.ts'
import { fewNodes, manyNodes } from './no-op.ts'
import { withPeers } from './peers.ts'
import { planOfMany } from './plan.ts'
import { renderTable, type Table } from './report.ts'
import { startOfProcess } from './start.ts'

type Part = (given: { fleet(): Promise<Fleet>; rounds: number }) => Promise<Table>

const PARTS: Record<string, Part> = {
  start: ({ rounds }) => startOfProcess(rounds),
  few: async ({ fleet, rounds }) => await fewNodes(await fleet(), rounds),
  plan: async ({ fleet }) => await planOfMany(await fleet()),
  peers: async ({ fleet, rounds }) => await withPeers(await fleet(), rounds),
  many: async ({ fleet, rounds }) => await manyNodes(await fleet(), rounds),
}

void main()

/** `--only NAME`: that part, may be repeated. `--rounds N`: how often is measured. `--json FILE`: the tables go there too. */
async function main(): Promise<void> {
  const several = { type: 'string', multiple: true } as const
  const { values } = parseArgs({ options: { only: several, rounds: { type: 'string' }, json: { type: 'string' } } })
  const { only = Object.keys(PARTS), rounds = '9', json } = values
  const tables: Record<string, Table> = {}
  let fleet: Promise<Fleet> | undefined
  try {
    for (const name of only) {
      const part = PARTS[name]
      if (part === undefined) throw new Error(`there is no part ${name}; there are ${Object.keys(PARTS).join(', ')}`)
      const table = await part({ fleet: () => (fleet ??= startFleet()), rounds: Number(rounds) })
      process.stdout.write(`\n${renderTable(table)}`)
      tables[name] = table
    }
  } finally {
    await (await fleet)?.stop()
  }
  const machine = { node: process.version, cores: availableParallelism(), rounds: Number(rounds) }
  process.stdout.write(`\nMedians of ${rounds} rounds at most; node ${machine.node}, ${machine.cores} cores\n`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...machine, tables }, undefined, 2)}\n`)
}
