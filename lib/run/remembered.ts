import type { KcharmError } from '../errors/index.ts'
import type { Key, Reading } from '../host/view.ts'
import type { CellHint, SeenUnit, StoredModel } from '../state/stored-model.ts'
import type { Fleet, FleetSite } from './fleet.ts'
import { forgetGone } from './forget-gone.ts'
import { seenUnits } from './seen-units.ts'
import type { Wanted } from './verb.ts'
import type { Workspace } from './workspace.ts'

/** What is stored before anything is done: the new declarations, so that an operator who is cut off finds the wish. */
export function remembered(wanted: Wanted, stored: StoredModel | undefined): StoredModel {
  const { model, bundle, inventory } = wanted
  return {
    version: 1,
    model,
    ...(bundle ? { bundle } : {}),
    ...(inventory ? { inventory } : {}),
    ...(stored?.visited ? { visited: stored.visited } : {}),
    units: stored?.units ?? [],
    faults: stored?.faults ?? {},
    hints: stored?.hints ?? {},
  }
}

interface Happened {
  wanted: Wanted
  stored: StoredModel | undefined
  fleet: Fleet
}

/** What is stored in the end: units as they were seen, machines that failed, and nothing more of what is gone. */
export function afterwards(work: Pick<Workspace, 'charms'>, { wanted, stored, fleet }: Happened): StoredModel {
  const now = new Date().toISOString()
  const reached = new Set(fleet.sites.map(({ machine }) => machine.name))
  const failed = new Set(fleet.failed.map(({ machine }) => machine))
  const earlier = (stored?.units ?? []).filter((unit) => !reached.has(unit.machine))
  const units = [
    ...earlier,
    ...fleet.sites.flatMap((site) => seenUnits(site, { now, failed: failed.has(site.machine.name) })),
  ].sort(byName)
  const faults = Object.fromEntries([
    ...Object.entries(stored?.faults ?? {}).filter(([machine]) => !reached.has(machine)),
    ...fleet.failed.map(({ machine, error }) => [machine, faultOf(error)] as const),
  ])
  const left = forgetGone(wanted, { units, charms: work.charms })
  const hints = {
    ...stored?.hints,
    ...Object.fromEntries(fleet.sites.map((site) => [site.machine.name, hintsOf(site)])),
  }
  const known = ([machine]: [string, unknown]) => Object.hasOwn(left.model.machines, machine)
  return {
    ...remembered(left, stored),
    visited: now,
    units,
    faults: Object.fromEntries(Object.entries(faults).filter(known)),
    hints: Object.fromEntries(Object.entries(hints).filter(known)),
  }
}

function faultOf({ code, message, detail: { hint } }: KcharmError): StoredModel['faults'][string] {
  return { code, message, ...(hint === undefined ? {} : { hint }) }
}

/** Texts are read again only where a file differs. */
function hintsOf({ readings }: FleetSite): CellHint[] {
  const cells = [...readings.values()].filter(isCell)
  return cells.map(({ key, reads }) => ({ key, reads: reads ?? [] }))
}

function isCell({ key, lasting }: Reading<unknown> & { key: Key }): boolean {
  return lasting === 'cell' && !key.startsWith('text:')
}

/** By application, then by number. A collator would do it, and takes 10 ms to load. */
function byName(a: SeenUnit, b: SeenUnit): number {
  const [app, number] = nameOf(a)
  const [other, last] = nameOf(b)
  return app === other ? number - last : app < other ? -1 : 1
}

function nameOf({ record: { unit } }: SeenUnit): [app: string, number: number] {
  const [app = '', number] = unit.split('/')
  return [app, Number(number)]
}
