import { KcharmError } from '../errors/index.ts'
import { holdings, openOperation, recordsOf, type UnitRecord } from '../lifecycle/manifest.ts'
import type { SeenUnit } from '../state/stored-model.ts'
import { readModel } from './read-model.ts'
import { readSite } from './site-link.ts'
import { requireUnit } from './verbs/require-unit.ts'
import type { Workspace } from './workspace.ts'

/** A unit as its machine has it recorded, with its peers' databags. */
export interface UnitReport {
  unit: string
  machine: string
  charm: string
  status: string
  /** Of its statechart. */
  state: string
  version?: string
  message?: string
  fault?: { message: string; hint?: string }
  options: Record<string, unknown>
  /** What it publishes, by endpoint. */
  bags: UnitRecord['bags']
  relations: { endpoint: string; peer: string; bag?: unknown }[]
  /** What it has on the machine, in the order in which it was made. */
  holdings: { key: string; stage: string; before: unknown; after: unknown }[]
  /** Its last operation was cut off. */
  unfinished: boolean
}

/** Reads the manifest of the unit's machine. Throws `no-model`, `not-found`, and what a connection throws. */
export async function readUnit(work: Workspace, name: string): Promise<UnitReport> {
  const { model, units } = await readModel(work)
  const seen = requireUnit(name, units)
  const machine = model.machines[seen.machine]
  if (machine === undefined) throw new KcharmError('not-found', `the model has no machine ${seen.machine}`)
  await work.open.prepare?.([machine])
  const session = await work.open(machine)
  try {
    const { lines } = await readSite(machine, session, [])
    return reportOf(seen, lines)
  } finally {
    await session.close()
  }
}

function reportOf(seen: SeenUnit, lines: Parameters<typeof recordsOf>[0]): UnitReport {
  const records = recordsOf(lines)
  const record = records.get(seen.record.unit) ?? seen.record
  const { unit, charm, state, version, message, fault, options, bags, links } = record
  return {
    unit,
    machine: seen.machine,
    charm,
    status: seen.status,
    state,
    ...(version === undefined ? {} : { version }),
    ...(message === undefined ? {} : { message }),
    ...(fault === undefined ? {} : { fault }),
    options,
    bags,
    relations: links.map(({ endpoint, peer, remote }) => {
      const bag = records.get(peer)?.bags[remote]
      return { endpoint, peer, ...(bag === undefined ? {} : { bag }) }
    }),
    holdings: holdings(lines, unit).map(({ key, stage, before, after }) => ({ key, stage, before, after })),
    unfinished: openOperation(lines, unit) !== undefined,
  }
}
