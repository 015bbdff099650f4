import { join } from 'node:path'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import type { Fleet } from './fleet.ts'
import { measure } from './measure.ts'
import type { PlannerAnswer } from './planner.ts'
import { asMb, asMs, type Table } from './report.ts'

const SCENARIOS = [
  { machines: 2500, classes: 50 },
  { machines: 5000, classes: 50 },
  { machines: 5000, classes: 100 },
  { machines: 5000, classes: 5000 },
]

/** A first deploy of both charms on machines in memory that say what a bare node has said. */
export async function planOfMany(fleet: Fleet): Promise<Table> {
  await fleet.delay(0)
  const [node] = await fleet.start(1)
  const { path, sha256 } = await makeStandInKata({})
  const rows: string[][] = []
  for (const { machines, classes } of SCENARIOS) {
    const argv = [join(__dirname, 'planner.cjs'), fleet.folder, node?.port, path, sha256, machines, classes].map(String)
    const { said, peakMb } = await measure({ argv })
    const { units, changes, ms } = JSON.parse(said) as PlannerAnswer
    rows.push([String(units), String(machines), String(classes), String(changes), asMs(ms), asMb(peakMb)])
  }
  const head = ['units', 'machines', 'classes', 'changes', 'plan', 'memory']
  return { title: 'The plan of a first deploy on machines in memory, whose classes say the same', head, rows }
}
