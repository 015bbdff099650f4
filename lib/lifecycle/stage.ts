import { KcharmError } from '../errors/index.ts'
import type { EditObject } from '../host/edit.ts'
import type { Change } from '../host/kind.ts'
import { type HostObject, planObject, readingOf } from '../host/objects.ts'
import { type Cell, isUnknown, type Key, NotYet, Unread, type View } from '../host/view.ts'
import type { Json } from '../model/json.ts'
import { isResting, type Outcome, type UndoScope } from './chart.ts'
import type { StageOut } from './charm.ts'
import { type Answer, type Ask, needed, StepFailed, type Surroundings } from './ask.ts'
import { type Bags, type Holding, holdings, type Intent, type Line, nextNumber } from './manifest.ts'
import { claim } from './claims.ts'
import { hooksOfRest, hooksOfStage } from './hooks.ts'
import { beginLine, takeInputs } from './pass.ts'
import { settle } from './settle.ts'
import { undoHoldings } from './undo.ts'
import { contextOf, inputsDigest, type Site, stateOf, statusOf, type Unit } from './unit.ts'

type Steps<T> = Generator<Ask, T, Answer>

/** Runs the stage or undo of the state that a unit is in, and takes the arrow of its outcome. */
export function* runBusyState(site: Site, unit: Unit, around: Surroundings): Steps<void> {
  const state = stateOf(unit)
  if (state.kind !== 'stage' && state.kind !== 'undo') throw new Error(`${unit.name}: ${unit.state} is not busy`)
  yield* tellHooks(unit, hooksOfStage(unit))
  const outcome = yield* outcomeOf(site, unit, around)
  const target = unit.charm.chart.next(unit.state, outcome)
  if (target === undefined) throw new Error(`${unit.name}: ${unit.state} has no way out for ${outcome}`)
  unit.state = target
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

function* tellHooks(unit: Unit, hooks: string[]): Steps<void> {
  for (const hook of hooks) yield { do: 'tell', event: { unit: unit.name, kind: 'hook', hook } }
}

function* outcomeOf(site: Site, unit: Unit, around: Surroundings): Steps<Outcome> {
  const state = stateOf(unit)
  try {
    if (state.kind === 'undo') return yield* undoState(site, unit, { scope: state.scope, view: around.view })
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
  if (out.blocked) {
    unit.fault = out.blocked
    return 'blocked'
  }
  yield* converge(site, unit, { objects: out.objects ?? [], view: around.view })
  for (const each of out.checks ?? []) {
    const fault = yield { do: 'check', unit: unit.name, check: each }
    if (fault !== undefined) throw new StepFailed(`${each.name}: ${fault}`)
  }
  if (out.version !== undefined) unit.version = out.version
  if (out.message !== undefined) unit.message = out.message
  if (out.publish) unit.bags = { ...unit.bags, ...checkedBags(unit, out.publish) }
  return 'ok'
}

/**
 * What the stage says. It is asked again after each reading that it lacked. `later`: it depends wholly on what an earlier
 * planned change will bring, so a plan can show only that it is to come.
 */
function* evaluate(site: Site, unit: Unit, around: Surroundings): Steps<StageOut | 'later'> {
  const stage = unit.charm.stages[unit.state]
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
  const wanted = { [unit.state]: objects.map((object) => readingOf(object).key) }
  const state = stateOf(unit)
  if (state.kind === 'stage' && state.keeps && unit.pass) unit.pass.wanted = { ...unit.pass.wanted, ...wanted }
  else yield* undoHoldings(site, unit, { held: staleHoldings(site, unit, wanted), view })
  yield* readTogether(objects, view)
  for (const object of objects) {
    const change = yield* needed(() => planObject(object, view))
    if (change) yield* write(site, unit, { change, object })
    else yield* claim(site, unit, readingOf(object).key)
  }
}

/** What these stages once made and no longer want. */
function staleHoldings(site: Site, unit: Unit, wanted: Record<string, Key[]>): Holding[] {
  return holdings(site.lines, unit.name).filter((held) => {
    const keys = wanted[held.stage]
    return keys !== undefined && !keys.includes(held.of) && !held.key.startsWith('svc:')
  })
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
function* write(site: Site, unit: Unit, what: { change: Change; object: HostObject }): Steps<void> {
  const { change, object } = what
  const intent: Intent = {
    t: 'intent',
    n: nextNumber(site.lines),
    op: unit.pass?.op ?? 'none',
    unit: unit.name,
    stage: unit.state,
    key: change.key,
    verb: change.verb,
    before: change.before,
    after: isUnknown(change.after) ? null : change.after,
    ...(change.reads ? { reads: change.reads } : {}),
    ...(object.kind === 'edit' ? editOf(object, change.before) : {}),
    ...(change.sidesBefore ? { sides: change.sidesBefore } : {}),
  }
  const before: Line[] = [...beginLine(unit), intent]
  const after: Line[] = [{ t: 'done', n: intent.n }]
  site.lines.push(...before, ...after)
  yield { do: 'tell', event: { unit: unit.name, kind: 'change', stage: unit.state, verb: change.verb } }
  yield { do: 'write', unit: unit.name, stage: unit.state, change, before, after }
}

function editOf({ ground }: EditObject, before: Cell): Pick<Intent, 'edit' | 'ground'> {
  return { edit: true, ...(before === null && ground !== undefined ? { ground } : {}) }
}

function* undoState(site: Site, unit: Unit, what: { scope: UndoScope; view: View }): Steps<Outcome> {
  const { scope, view } = what
  if (scope === 'stale') {
    yield* undoHoldings(site, unit, { held: staleHoldings(site, unit, unit.pass?.wanted ?? {}), view })
    return 'ok'
  }
  const fault = unit.fault
  const op = scope === 'pass' ? unit.pass?.op : undefined
  yield* undoHoldings(site, unit, { held: holdings(site.lines, unit.name, op), view })
  unit.bags = scope === 'pass' ? (unit.pass?.bagsBefore ?? {}) : {}
  if (fault) unit.fault = fault
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
