import { charmKey } from '../model/charm-of.ts'
import type { Answer, Ask, Surroundings } from './ask.ts'
import { isResting, type Wish } from './chart.ts'
import { hooksOfSignal } from './hooks.ts'
import { startPass } from './pass.ts'
import { wayToWish } from './revision.ts'
import { settle } from './settle.ts'
import { runBusyState } from './stage.ts'
import { can, contextOf, inputsDigest, isGone, type Site, stateOf, statusOf, type Unit } from './unit.ts'

/** Drives all units of a machine until nobody can move. The one code path of plans, runs and model checks. */
export function* drive(site: Site, around: Surroundings): Generator<Ask, void, Answer> {
  const seen = new Map<string, number>()
  for (;;) {
    const moved = yield* step(site, around)
    if (!moved) return
    loopGuard(site, seen)
  }
}

/** One event or one stage of the first unit that can move; false when nobody can. */
export function* step(site: Site, around: Surroundings): Generator<Ask, boolean, Answer> {
  const [move] = moves(site, around)
  if (move === undefined) return false
  yield* make(site, move, around)
  return true
}

export interface Move {
  unit: Unit
  /** Absent: the unit is busy and goes on. */
  wish?: Wish
}

/** Every move that is open now. A run makes the first; a model check tries each. `quiet` is open only when no other is. */
export function moves(site: Site, around: Surroundings): Move[] {
  const open = site.units.flatMap((unit): Move[] => {
    if (!isResting(stateOf(unit))) return [{ unit }]
    const wish = due(site, unit, around)
    return wish === undefined ? [] : [{ unit, wish }]
  })
  if (open.length > 0) return open
  return site.units.filter((unit) => stateOf(unit).kind === 'wait').map((unit) => ({ unit, wish: 'quiet' }))
}

export function* make(site: Site, move: Move, around: Surroundings): Generator<Ask, void, Answer> {
  if (move.wish === undefined) yield* runBusyState(site, move.unit, around)
  else yield* fire(site, move.unit, { wish: move.wish, around })
}

/** The event that the facts call for, if any: wanted against recorded, never stored. */
export function due(site: Site, unit: Unit, around: Surroundings): Wish | undefined {
  const state = stateOf(unit)
  const until = state.kind === 'wait' || state.kind === 'rest' ? state.until : undefined
  const judgeable = around.without?.peersAtRest || peersSettled(site, unit, around)
  if (until !== undefined && judgeable && can(unit, 'ready')) {
    if (unit.charm.waits[until]?.(contextOf(site, unit, around.view))) return 'ready'
  }
  return state.kind === 'rest' ? dueAtRest(site, unit, around) : undefined
}

/** A wait is judged only when its peers are at rest and nothing is due for them: an old bag satisfies nobody. */
function peersSettled(site: Site, unit: Unit, around: Surroundings): boolean {
  const peers = site.units.filter((other) => unit.links.some((each) => each.peer === other.name))
  return peers.every((peer) => {
    const state = stateOf(peer)
    return state.kind === 'wait' || (state.kind === 'rest' && dueAtRest(site, peer, around) === undefined)
  })
}

function dueAtRest(site: Site, unit: Unit, around: Surroundings): Wish | undefined {
  if (unit.life === 'absent') {
    return isGone(site, unit) || unit.removing || !can(unit, 'remove') ? undefined : 'remove'
  }
  const way = wayToWish(site, unit)
  if (way !== undefined && can(unit, way)) return way
  if (!unit.begun) return can(unit, 'begin') ? 'begin' : undefined
  const changed = unit.judged !== undefined && unit.judged !== inputsDigest(site, unit, around.view)
  return changed && can(unit, 'changed') ? 'changed' : undefined
}

function* fire(site: Site, unit: Unit, what: { wish: Wish; around: Surroundings }): Generator<Ask, void, Answer> {
  const { wish } = what
  const target = unit.charm.chart.next(unit.state, wish)
  if (target === undefined) throw new Error(`${unit.name}: ${unit.state} does not take ${wish}`)
  unit.begun = true
  if (wish === 'remove') unit.removing = true
  if (wish === 'rollback') unit.returning = true
  if (stateOf(unit).kind === 'rest') {
    startPass(site, unit, what)
    yield* tellCharm(unit)
  }
  const news = unit.record?.applied !== inputsDigest(site, unit, what.around.view)
  for (const hook of hooksOfSignal(unit, wish, news))
    yield { do: 'tell', event: { unit: unit.name, kind: 'hook', hook } }
  unit.state = target
  if (wish === 'quiet') sayForWhom(site, unit)
  if (isResting(stateOf(unit))) yield* settle(site, unit)
  yield { do: 'tell', event: { unit: unit.name, kind: 'state', state: unit.state, status: statusOf(unit) } }
}

/** Its charm is another than when it last came to rest. */
function* tellCharm({ name, charm, record }: Unit): Generator<Ask, void, Answer> {
  if (record === undefined || record.charm === charmKey(charm)) return
  const text = `its charm has changed: ${charmKey(charm)}, it was ${record.charm}`
  yield { do: 'tell', event: { unit: name, kind: 'note', text, asks: false } }
}

/** Nobody it waits for can move any more, and it cannot go on: what stands in its way is theirs. */
function sayForWhom(site: Site, unit: Unit): void {
  if (statusOf(unit) !== 'blocked') return
  const ill = site.units.filter((peer) => peer.fault && unit.links.some((each) => each.peer === peer.name))
  const [first] = ill
  if (first === undefined) return
  unit.fault = { message: `waits for ${ill.map(({ name }) => name).join(', ')}: ${first.fault?.message}` }
}

/** The same states and bags a hundred times over is a fault of a charm: named, instead of going on for ever. */
function loopGuard(site: Site, seen: Map<string, number>): void {
  const now = site.units.map((unit) => `${unit.name} ${unit.state} ${unit.judged}`).join(', ')
  const times = (seen.get(now) ?? 0) + 1
  if (times > 100) throw new Error(`${site.machine}: units go round in circles: ${now}`)
  seen.set(now, times)
}
