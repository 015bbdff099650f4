import { KcharmError } from '../errors/index.ts'
import type { EditObject } from '../host/edit.ts'
import type { Change } from '../host/kind.ts'
import { type HostObject, planObject, readingOf } from '../host/objects.ts'
import { type Cell, isUnknown, NotYet, Unread, type View } from '../host/view.ts'
import type { Json } from '../model/json.ts'
import { isResting, type Outcome, type UndoScope } from './chart.ts'
import type { StageOut } from './charm.ts'
import { type Answer, type Ask, needed, StepFailed, type Surroundings } from './ask.ts'
import {
  type Bags,
  type Holding,
  holdings,
  holdingsSince,
  type Intent,
  type Line,
  nextNumber,
  openOperation,
} from './manifest.ts'
import { claim } from './claims.ts'
import { hooksOfRest, hooksOfStage } from './hooks.ts'
import { beginLine, takeInputs } from './pass.ts'
import { descend, isRefused, refuse, returnTo } from './revision.ts'
import { retired } from './prune.ts'
import { settle } from './settle.ts'
import { staleHoldings } from './stale.ts'
import { refuseUnfit } from './undo-file.ts'
import { lookAgain, restoreThing, undoHoldings } from './undo.ts'
import { contextOf, inputsDigest, type Site, stageOf, stateOf, statusOf, type Unit } from './unit.ts'

type Steps<T> = Generator<Ask, T, Answer>

/** Runs the stage or undo of the state that a unit is in, and takes the arrow of its outcome. */
export function* runBusyState(site: Site, unit: Unit, around: Surroundings): Steps<void> {
  const state = stateOf(unit)
  if (state.kind !== 'stage' && state.kind !== 'undo') throw new Error(`${unit.name}: ${unit.state} is not busy`)
  yield* tellHooks(unit, hooksOfStage(unit))
  const { chart } = unit.charm // undoing an upgrade puts the old charm back
  const outcome = yield* outcomeOf(site, unit, around)
  const target = chart.next(unit.state, outcome)
  if (target === undefined) throw new Error(`${unit.name}: ${unit.state} has no way out for ${outcome}`)
  unit.state = target
  holdBack(unit)
  if (around.without?.frozenInputs) unit.judged = inputsDigest(site, unit, around.view)
  if (stateOf(unit).kind === 'rest') yield* tellHooks(unit, hooksOfRest(site, unit))
  if (isResting(stateOf(unit))) yield* settle(site, unit)
  const message = unit.fault?.message ?? unit.message
  yield {
    do: 'tell',
    event: {
      unit: unit.name,
      kind: 'state',
      state: unit.state,
      status: statusOf(unit),
      ...(message === undefined ? {} : { message }),
    },
  }
}

/** A unit that is well again on its old revision is not as wanted: it says so, and rests where that shows. */
function holdBack(unit: Unit): void {
  if (unit.refused === undefined || !isRefused(unit)) return
  const held = unit.charm.chart.next(unit.state, 'hold')
  if (held === undefined) return
  const { version, message, hint = `mend that, then: kcharm resolve ${unit.name}` } = unit.refused
  unit.state = held
  unit.fault = { message: `stays on ${unit.version ?? 'what it was'}: ${version} was refused: ${message}`, hint }
}

function* tellHooks(unit: Unit, hooks: string[]): Steps<void> {
  for (const hook of hooks) yield { do: 'tell', event: { unit: unit.name, kind: 'hook', hook } }
}

function* outcomeOf(site: Site, unit: Unit, around: Surroundings): Steps<Outcome> {
  const state = stateOf(unit)
  try {
    if (state.kind === 'undo') return yield* undoState(site, unit, { scope: state.scope, around })
    return yield* runStage(site, unit, around)
  } catch (thrown) {
    const fault = faultOf(thrown, around)
    if (fault === undefined) throw thrown
    unit.fault = fault
    yield { do: 'tell', event: { unit: unit.name, kind: 'fault', ...fault } }
    return 'fail'
  }
}

function* runStage(site: Site, unit: Unit, around: Surroundings): Steps<Outcome> {
  const state = stateOf(unit)
  if (state.kind === 'stage' && state.takes) takeInputs(site, unit, around)
  const out = yield* evaluate(site, unit, around)
  if (out === 'later') return 'ok'
  yield* tellNotes(unit, out)
  const blocked = out.blocked ?? unagreed(unit, out, around)
  if (blocked) {
    unit.fault = blocked
    return 'blocked'
  }
  yield* converge(site, unit, { objects: out.objects ?? [], view: around.view })
  for (const each of out.checks ?? []) {
    const fault = yield { do: 'check', unit: unit.name, check: each }
    if (fault !== undefined) throw new StepFailed(`${each.name}: ${fault}`)
  }
  if (out.version !== undefined) Object.assign(unit, { version: out.version, adopted: out.adopted === true })
  if (out.message !== undefined) unit.message = out.message
  if (out.publish) unit.bags = { ...unit.bags, ...checkedBags(unit, out.publish) }
  return 'ok'
}

/** What is asked for only now was not asked when the plan was shown: pods have come since, say. */
function unagreed({ name }: Unit, { asks = [] }: StageOut, { foresees, agreed }: Surroundings): StageOut['blocked'] {
  const what = foresees ? undefined : asks.find((each) => agreed?.(name, each) === false)
  if (what === undefined) return undefined
  return { message: `nobody was asked: ${what}`, hint: 'run the same command again: it asks' }
}

function* tellNotes(unit: Unit, { notes = [], asks = [] }: StageOut): Steps<void> {
  for (const text of notes) yield { do: 'tell', event: { unit: unit.name, kind: 'note', text, asks: false } }
  for (const text of asks) yield { do: 'tell', event: { unit: unit.name, kind: 'note', text, asks: true } }
}

/**
 * What the stage says. It is asked again after each reading that it lacked. `later`: it depends wholly on what an earlier
 * planned change will bring, so a plan can show only that it is to come.
 */
function* evaluate(site: Site, unit: Unit, around: Surroundings): Steps<StageOut | 'later'> {
  const stage = unit.charm.stages[unit.state] ?? unit.charm.stages[stageOf(unit)]
  if (stage === undefined) throw new Error(`${unit.name}: no stage for ${unit.state}`)
  try {
    return yield* needed(() => stage(contextOf(site, unit, around.view)) as StageOut)
  } catch (thrown) {
    if (!(thrown instanceof NotYet)) throw thrown
    if (!around.foresees) throw new StepFailed(`${unit.state}: ${thrown.message}`)
    const verb = `later: ${thrown.message}`
    yield { do: 'tell', event: { unit: unit.name, kind: 'change', stage: unit.state, verb } }
    return 'later'
  }
}

/** Makes the objects true one by one; what this stage once made and no longer wants is put back first, unless it keeps it. */
function* converge(site: Site, unit: Unit, what: { objects: HostObject[]; view: View }): Steps<void> {
  const { objects, view } = what
  const wanted = { [stageOf(unit)]: objects.map((object) => readingOf(object).key) }
  const state = stateOf(unit)
  if (state.kind === 'stage' && state.keeps && unit.pass) unit.pass.wanted = { ...unit.pass.wanted, ...wanted }
  else if (unit.pass?.ascent) yield* revert(site, unit, { held: staleHoldings(site.lines, unit, wanted), view })
  else yield* undoHoldings(site, unit, { held: staleHoldings(site.lines, unit, wanted), view })
  yield* readTogether(objects, view)
  for (const object of objects) {
    const change = yield* needed(() => planObject(object, view))
    if (change) yield* write(site, unit, { change, ...(object.kind === 'edit' ? { edit: true, object } : {}) })
    else yield* claim(site, unit, readingOf(object).key)
  }
}

/** In an upgrade what goes must be able to come back: it is a change like every other. */
function* revert(site: Site, unit: Unit, what: { held: Holding[]; view: View }): Steps<void> {
  for (const held of what.held.toReversed()) {
    const change = yield* restoreThing(site, unit, { held, view: what.view })
    if (change) yield* write(site, unit, { change, edit: held.edit })
  }
}

/** One request for all that the objects lack, instead of one for each. */
function* readTogether(objects: HostObject[], view: View): Steps<void> {
  const lacking = objects.flatMap((object) => {
    try {
      view.peek(readingOf(object))
      return []
    } catch (thrown) {
      if (thrown instanceof Unread) return thrown.readings
      throw thrown
    }
  })
  if (lacking.length > 0) yield { do: 'read', readings: lacking }
}

/** Intent, write, done. The begin line goes with the first change of the pass. */
function* write(site: Site, unit: Unit, what: { change: Change; edit?: boolean; object?: EditObject }): Steps<void> {
  const { change, edit, object } = what
  const intent: Intent = {
    t: 'intent',
    n: nextNumber(site.lines),
    op: unit.pass?.op ?? 'none',
    unit: unit.name,
    stage: stageOf(unit),
    key: change.key,
    verb: change.verb,
    before: change.before,
    after: isUnknown(change.after) ? null : change.after,
    ...(change.reads ? { reads: change.reads } : {}),
    ...(edit
      ? { edit: true, ...(object && { ...groundOf(object, change.before), ...(object.firm ? { firm: true } : {}) }) }
      : {}),
    ...(change.sidesBefore ? { sides: change.sidesBefore } : {}),
  }
  const before: Line[] = [...beginLine(unit), intent]
  const after: Line[] = [{ t: 'done', n: intent.n }]
  site.lines.push(...before)
  yield { do: 'tell', event: { unit: unit.name, kind: 'change', stage: stageOf(unit), verb: change.verb } }
  yield { do: 'write', unit: unit.name, stage: stageOf(unit), change, before, after }
  site.lines.push(...after)
}

function groundOf({ ground }: EditObject, before: Cell): Pick<Intent, 'ground'> {
  return before === null && ground !== undefined ? { ground } : {}
}

function* undoState(site: Site, unit: Unit, what: { scope: UndoScope; around: Surroundings }): Steps<Outcome> {
  const { scope, around } = what
  const { view } = around
  if (scope === 'stale') {
    const { kept, gone } = yield* retired(site, unit, view)
    const stale = staleHoldings(site.lines, { ...unit, kept }, unit.pass?.wanted ?? {})
    const others = stale.filter(({ key }) => !gone.some((each) => each.key === key))
    yield* undoHoldings(site, unit, { held: [...others, ...gone], view })
    unit.kept = kept
    return 'ok'
  }
  if (scope === 'revision') return yield* goBack(site, unit, view)
  const fault = unit.fault
  const upgrade = scope === 'pass' && unit.pass?.ascent !== undefined
  if (upgrade && !around.without?.refused) refuse(unit)
  if (upgrade && unit.pass?.open && around.keepsFailed) throw leftAsItIs(unit)
  const op = scope === 'pass' ? unit.pass?.op : undefined
  const held = holdings(site.lines, unit.name, op)
  if (scope === 'pass' && !around.foresees) yield* lookAgain(held)
  yield* undoHoldings(site, unit, { held, view })
  unit.bags = scope === 'pass' ? (unit.pass?.bagsBefore ?? {}) : {}
  if (scope === 'pass') delete unit.pass?.wanted
  if (upgrade) {
    descend(unit)
    delete unit.fault
  } else if (fault) unit.fault = fault
  return 'ok'
}

function leftAsItIs({ app, name, fault }: Unit): StepFailed {
  const hint = `kcharm rollback ${app} puts the old version back; kcharm resolve ${name} goes on from here`
  return new StepFailed(`${fault?.message ?? 'the upgrade failed'}; left as it is (--no-rollback)`, hint)
}

/** Back to the revision that is wanted again: an upgrade that stopped in the middle, or one that succeeded, and all since. */
function* goBack(site: Site, unit: Unit, view: View): Steps<Outcome> {
  const open = openOperation(site.lines, unit.name)
  const kept = unit.pass?.kept
  if (kept === undefined && open?.to !== undefined) {
    yield* refuseUnfit(holdings(site.lines, unit.name, open.op), view)
    yield* undoHoldings(site, unit, { held: holdings(site.lines, unit.name, open.op), view })
    unit.bags = open.bags
    return 'ok'
  }
  if (kept === undefined) throw new Error(`${unit.name}: no revision is kept that it could go back to`)
  const held = holdingsSince(site.lines, unit.name, kept.op)
  yield* refuseUnfit(held, view)
  yield* undoHoldings(site, unit, { held, view })
  returnTo(unit, kept)
  return 'ok'
}

function checkedBags(unit: Unit, published: Record<string, unknown>): Bags {
  const bags = Object.entries(published).map(([name, bag]): [string, Json] => {
    const endpoint = unit.charm.endpoints[name]
    if (!endpoint) throw new Error(`${unit.name}: no endpoint ${name}`)
    const schema = endpoint.role === 'provides' ? endpoint.interface.provider : endpoint.interface.requirer
    return [name, schema.parse(bag) as Json]
  })
  return Object.fromEntries(bags)
}

function faultOf(thrown: unknown, around: Surroundings): { message: string; hint?: string } | undefined {
  if (thrown instanceof StepFailed) return { message: thrown.message, ...(thrown.hint ? { hint: thrown.hint } : {}) }
  if (thrown instanceof KcharmError) {
    const hint = thrown.detail.hint
    return { message: thrown.message, ...(hint ? { hint } : {}) }
  }
  const lost = thrown instanceof Error && thrown.name === 'ConnectionLost'
  return lost && around.without?.lostIsNeither ? { message: thrown.message } : undefined
}
