import { randomBytes } from 'node:crypto'
import { emptyModel } from '../model/declaration.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { clockNotes } from './clock.ts'
import { DEADLINES } from './deadlines.ts'
import { closeFleet, type Fleet, isBusy } from './fleet.ts'
import { hasChanges, type Outcome, type Prepared, worstOf } from './outcome.ts'
import { prepare } from './prepare.ts'
import { noModel, recalled } from './read-model.ts'
import { afterwards, remembered } from './remembered.ts'
import type { Declarations, Verb, Wanted } from './verb.ts'
import { rollOut } from './roll-out.ts'
import { CAREFUL, type Rollout, rolloutOf } from './waves.ts'
import type { Workspace } from './workspace.ts'

export interface How {
  /** Shows what would be done, and changes neither machines nor the model. */
  dryRun?: boolean
  /** Shown before anything is done, also when nothing is to be done. */
  show?(prepared: Prepared): void
  /** Asked when there is something to do; throws `declined` when it is not to be done. */
  approve?(prepared: Prepared): Promise<void>
  /** Called when machines begin to be changed: once its signal is aborted no further step begins. */
  stop?(): AbortSignal
  /** How upgrades go over many machines; default: what the bundle says, else `CAREFUL`. */
  rollout?: Partial<Rollout>
  /** An upgrade that fails is left as it is. */
  keepsFailed?: boolean
  /** May narrow what is carried out, or refuse it: a saved plan. Gives lines to show. */
  settle?(fleet: Fleet): string[]
}

/**
 * The one shape of all verbs: the stored declarations under the model's lock, changed, planned, shown, confirmed, carried
 * out, stored. What fails on one machine is in the outcome; only what stops the whole is thrown.
 */
export async function operate(work: Workspace, verb: Verb, how: How = {}): Promise<Outcome> {
  const lock = how.dryRun ? undefined : await work.store.lock(work.name, work.holder)
  try {
    const stored = await recalled(work)
    const before = declarationsOf(work, verb, stored)
    const { fleet, wanted } = await prepare(work, { verb, before, stored, looksOnly: how.dryRun === true })
    try {
      return await goOn(work, { verb, how, stored, fleet, wanted })
    } finally {
      await closeFleet(fleet)
    }
  } finally {
    await lock?.release()
  }
}

interface Going {
  verb: Verb
  how: How
  stored: StoredModel | undefined
  fleet: Fleet
  wanted: Wanted
}

async function goOn(work: Workspace, { verb, how, stored, fleet, wanted }: Going): Promise<Outcome> {
  const clocks = fleet.sites.map(({ machine, link }) => ({ name: machine.name, offset: link.clock ?? 0 }))
  for (const line of [...clockNotes(clocks), ...(how.settle?.(fleet) ?? [])]) work.say?.(line)
  const prepared: Prepared = { wanted, plans: fleet.sites.map((site) => site.plan), failed: [...fleet.failed] }
  how.show?.(prepared)
  if (how.dryRun) return { ...prepared, carriedOut: false, units: stored?.units ?? [] }
  if (hasChanges(prepared)) await how.approve?.(prepared)
  if (fleet.sites.some(isBusy)) {
    await work.store.write(remembered(wanted, stored))
    const stops = [how.stop?.(), work.time?.over].filter((each) => each !== undefined)
    await carryOut(work, verb, { fleet, wanted, how, ...(stops.length > 0 ? { stop: AbortSignal.any(stops) } : {}) })
  }
  const after = afterwards(work, { wanted, stored, fleet })
  await work.store.write(after)
  return { ...prepared, failed: fleet.failed, carriedOut: true, units: after.units }
}

interface Carried {
  fleet: Fleet
  wanted: Wanted
  how: How
  stop?: AbortSignal
}

async function carryOut(work: Workspace, verb: Verb, { fleet, wanted, how, stop }: Carried) {
  const journal = work.store.journal(work.name)
  const op = randomBytes(4).toString('hex')
  const note = () => ({ at: new Date().toISOString(), op })
  try {
    journal.append({ ...note(), t: 'begin', title: verb.title, holder: work.holder })
    await rollOut(fleet, {
      rollout: { ...CAREFUL, ...rolloutOf(wanted.bundle?.rollout ?? {}), ...how.rollout },
      say: (line) => work.say?.(line),
      model: wanted.model,
      holder: work.holder,
      // Nothing but the very plan: it was saved.
      exact: how.settle !== undefined,
      ...(how.keepsFailed ? { keepsFailed: true } : {}),
      ...(stop ? { stop } : {}),
      operation: () => randomBytes(4).toString('hex'),
      provideBlob: (...given) => work.provideBlob(...given),
      deadlines: { ...DEADLINES, ...work.deadlines },
      tell(machine, event) {
        if (event.kind !== 'progress') journal.append({ ...note(), t: 'event', machine, event })
        work.follow(machine, event)
      },
    })
    for (const { machine, error } of fleet.failed) {
      journal.append({ ...note(), t: 'failed', machine, code: error.code, message: error.message })
    }
    const units = afterwards(work, { wanted, stored: undefined, fleet }).units
    const plans = fleet.sites.map((site) => site.plan)
    const code = worstOf({ wanted, plans, failed: fleet.failed, units, carriedOut: true })
    journal.append({ ...note(), t: 'end', code: code ?? 'ok' })
  } finally {
    journal.close()
  }
}

/** A verb that names everything may begin from nothing; the others need the model. */
function declarationsOf(work: Workspace, verb: Verb, stored: StoredModel | undefined): Declarations {
  if (stored) return stored
  if (verb.restores) return { model: emptyModel(work.name, randomBytes(8).toString('hex')), lost: true }
  throw noModel(work)
}
