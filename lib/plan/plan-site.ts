import type { Change } from '../host/kind.ts'
import { isUnknown, type Key, type Reading, Unread, type View } from '../host/view.ts'
import type { Ask, Surroundings } from '../lifecycle/ask.ts'
import type { Check } from '../lifecycle/charm.ts'
import { drive } from '../lifecycle/driver.ts'
import type { LifeEvent } from '../lifecycle/events.ts'
import type { UnitRecord } from '../lifecycle/manifest.ts'
import { type Site, statusOf } from '../lifecycle/unit.ts'
import { digest } from '../model/json.ts'
import type { Answered } from './answered.ts'
import { type Observations, overlay, type Overlay } from './overlay.ts'

export interface PlannedChange {
  unit: string
  stage: string
  key: Key
  verb: string
  why?: string
  /** Digest of the value that it ends with, or `later` while that is not known. */
  after: string
  intent?: string
  /** It may prove needless once its input is known. */
  mayChange: boolean
  texts?: { before: string; after: string }
}

export interface UnitOutlook {
  unit: string
  app: string
  state: string
  status: string
  message?: string
  hint?: string
}

export interface SitePlan {
  machine: string
  changes: PlannedChange[]
  /** Where each unit will stand, when all goes well. */
  units: UnitOutlook[]
  /** What upgrades mean here; `asks`: somebody must agree. `kept`: what stays although it was to go. */
  notes: { unit: string; text: string; asks: boolean; kept?: true }[]
  /** Manifest lines that are written although nothing changes: a unit rests with another record. */
  records: number
  /** Digest of each cell and fact that the plan rests on. */
  reads: Record<Key, string>
  /** The machine that it was made for. */
  answered?: Answered
  /** Stages of which a plan can only say that they are to come. */
  later: { unit: string; stage: string; verb: string }[]
}

export interface Planned {
  plan: SitePlan
  readings: Map<Key, Reading<unknown>>
}

/** `looksOnly`: see `isAsked`. */
export type Looks = Partial<Surroundings> & { looksOnly?: boolean }

/**
 * Steps the units over an overlay until nobody moves. Yields the readings that it lacks; the caller adds their values to
 * `observed` and goes on. `site` is stepped in place: give a copy.
 */
export function* planSite(
  site: Site,
  observed: Observations,
  { looksOnly = false, ...more }: Looks = {},
): Generator<Reading<unknown>[], Planned, void> {
  const over = overlay(observed)
  const around: Surroundings = { operation: () => 'planned', ...more, foresees: true, view: over.view }
  const plan: SitePlan = { machine: site.machine, changes: [], units: [], notes: [], records: 0, reads: {}, later: [] }
  const steps = drive(site, around)
  let next = steps.next()
  while (!next.done) {
    if (next.value.do === 'read') yield next.value.readings
    const ask = next.value
    if (ask.do === 'check' && isAsked(recordIn(site, ask.unit), looksOnly)) {
      next = steps.next(yield* verdict(ask.check, over.view))
    } else next = steps.next(take(ask, over, plan))
  }
  plan.units = site.units.map(outlook)
  plan.reads = digests(over.used, observed)
  return { plan, readings: over.used }
}

function take(ask: Ask, over: Overlay, plan: SitePlan): undefined {
  if (ask.do === 'tell') plan.later.push(...laterStages(ask.event))
  if (ask.do === 'tell') plan.notes.push(...notesIn(ask.event))
  if (ask.do === 'note') plan.records += ask.lines.length
  if (ask.do !== 'write') return
  plan.changes.push(plannedChange(ask))
  over.apply(ask.change)
}

function laterStages(event: LifeEvent): SitePlan['later'] {
  if (event.kind !== 'change' || !event.verb.startsWith('later: ')) return []
  const { unit, stage, verb } = event
  return [{ unit, stage, verb }]
}

function notesIn(event: LifeEvent): SitePlan['notes'] {
  if (event.kind === 'kept') {
    return [{ unit: event.unit, text: `kept ${event.key}: ${event.why}`, asks: false, kept: true }]
  }
  return event.kind === 'note' ? [{ unit: event.unit, text: event.text, asks: event.asks }] : []
}

/** A check whose answer lies behind planned changes is taken to succeed; that is what a plan plans for. */
function* verdict(check: Check, view: View): Generator<Reading<unknown>[], string | undefined, void> {
  for (;;) {
    try {
      const value = view.peek(check.reading)
      return isUnknown(value) ? undefined : check.verdict(value)
    } catch (thrown) {
      if (!(thrown instanceof Unread)) throw thrown
      yield thrown.readings
    }
  }
}

/**
 * Who only looks does not ask a daemon for its effects before a unit was proved on it (and so has a version): a daemon
 * that is asked for the first time may write itself a file (containerd its uuid). Its checks are taken to succeed.
 */
export function isAsked(record: UnitRecord | undefined, looksOnly: boolean): boolean {
  return !looksOnly || record?.version !== undefined
}

function recordIn(site: Site, name: string): UnitRecord | undefined {
  return site.units.find((unit) => unit.name === name)?.record
}

export function plannedChange(ask: { unit: string; stage: string; change: Change }): PlannedChange {
  const { change } = ask
  const later = isUnknown(change.after)
  return {
    unit: ask.unit,
    stage: ask.stage,
    key: change.key,
    verb: change.verb,
    after: later || change.key.startsWith('svc:') ? 'later' : digest(change.after),
    mayChange: later,
    ...(change.why === undefined ? {} : { why: change.why }),
    ...(change.intent === undefined ? {} : { intent: change.intent }),
    ...(change.texts === undefined ? {} : { texts: change.texts }),
  }
}

/** Effects are left out: what a daemon reports may differ without anything having changed. */
function digests(used: Map<Key, Reading<unknown>>, observed: Observations): Record<Key, string> {
  const lasting = [...used.values()].filter((reading) => reading.lasting !== 'effect').map((reading) => reading.key)
  return Object.fromEntries(lasting.sort().map((key) => [key, digest(observed.get(key))]))
}

function outlook(unit: Site['units'][number]): UnitOutlook {
  const message = unit.fault?.message ?? unit.message
  return {
    unit: unit.name,
    app: unit.app,
    state: unit.state,
    status: statusOf(unit),
    ...(message === undefined ? {} : { message }),
    ...(unit.fault?.hint === undefined ? {} : { hint: unit.fault.hint }),
  }
}
