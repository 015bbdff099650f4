import type { Line } from '../lifecycle/manifest.ts'
import type { Machine } from '../model/declaration.ts'
import { unitsOf } from '../model/units.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { closeFleet, type Fleet, planFleet } from './fleet.ts'
import { rebuildModel } from './rebuild-model.ts'
import { assertBlobsAtHand, namedBlobs, resolveBlobs } from './resolve-blobs.ts'
import type { Declarations, Verb, Wanted } from './verb.ts'
import type { Workspace } from './workspace.ts'

interface Asked {
  verb: Verb
  before: Declarations
  /** Absent: never stored, or lost. */
  stored: StoredModel | undefined
  /** Nothing will be carried out. */
  looksOnly: boolean
}

/** Declares, reads and plans. Nothing is changed anywhere. The fleet's sessions are open: close them. */
export async function prepare(work: Workspace, asked: Asked): Promise<{ fleet: Fleet; wanted: Wanted }> {
  const { verb, before, stored } = asked
  let wanted = verb.declare(before)
  const blobs = await resolveBlobs(wanted.model)
  const rebuild = (found: { machine: string; lines: Line[] }[]) => {
    const rebuilt = rebuildModel(before.model, found, work.charms)
    wanted = verb.declare({ ...before, model: { ...rebuilt, machines: wanted.model.machines } })
    for (const [app, named] of Object.entries(namedBlobs(wanted.model))) blobs[app] ??= named
    return wanted.model
  }
  const fleet = await planFleet({
    model: wanted.model,
    charms: work.charms,
    blobs,
    machines: machinesOf(work, wanted, stored),
    known: stored?.units ?? [],
    hints: stored?.hints ?? {},
    looksOnly: asked.looksOnly,
    open: work.open,
    ...(work.secret ? { secret: work.secret } : {}),
    ...(stored || verb.restores !== 'from machines' ? {} : { settleModel: rebuild }),
    ...(wanted.only === undefined ? {} : { only: wanted.only }),
    ...(wanted.retries === undefined ? {} : { retries: wanted.retries }),
    ...(wanted.prunes === undefined ? {} : { prunes: wanted.prunes }),
  })
  try {
    await assertBlobsAtHand(
      fleet.sites.map((site) => site.plan),
      blobs,
    )
  } catch (error) {
    await closeFleet(fleet)
    throw error
  }
  return { fleet, wanted }
}

/** Without a record any machine may hold units, also of an application that leaves; else those that hold some, or are to. */
function machinesOf({ charms }: Workspace, wanted: Wanted, stored: StoredModel | undefined): Machine[] {
  const all = Object.values(wanted.model.machines)
  if (stored === undefined) return all
  const recorded = stored.units.map(({ machine, record: { unit, app, charm } }) => ({ machine, unit, app, charm }))
  const leaving = Object.values(wanted.model.applications).filter(({ life }) => life === 'absent')
  if (leaving.some(({ name }) => !recorded.some(({ app }) => app === name))) return all
  const units = unitsOf(wanted.model, { recorded, charms })
  const mine = units.filter(({ app }) => wanted.apps?.includes(app) ?? true)
  const concerned = new Set(mine.map(({ machine }) => machine))
  return all.filter(({ name }) => concerned.has(name) && (wanted.machines?.includes(name) ?? true))
}
