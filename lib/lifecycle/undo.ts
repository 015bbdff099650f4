import type { Change } from '../host/kind.ts'
import { undoerOf } from '../host/objects.ts'
import { service, type ServiceCell } from '../host/service.ts'
import { type Cell, isUnknown, type View } from '../host/view.ts'
import { canonical } from '../model/json.ts'
import { type Answer, type Ask, needed } from './ask.ts'
import { claimant, handOver } from './claims.ts'
import type { Holding, Line } from './manifest.ts'
import { beginLine } from './pass.ts'
import { undoEdit, withTexts } from './undo-file.ts'
import type { Site, Unit } from './unit.ts'

type Steps<T> = Generator<Ask, T, Answer>

/**
 * Puts back what was there before: daemons that did not run before us stop first, then everything in reverse,
 * and services come last and forwards, on what they now read.
 */
export function* undoHoldings(site: Site, unit: Unit, what: { held: Holding[]; view: View }): Steps<void> {
  const { view } = what
  const services = what.held.filter((held) => held.key.startsWith('svc:'))
  const others = what.held.filter((held) => !held.key.startsWith('svc:')).reverse()
  for (const held of services)
    if (!ranBefore(held) && !claimant(site, unit, held.key)) yield* halt(site, unit, { held, view })
  for (const held of others) yield* putBack(site, unit, { held, view })
  for (const held of services) yield* putBack(site, unit, { held, view })
}

function* putBack(site: Site, unit: Unit, what: { held: Holding; view: View }): Steps<void> {
  const { held, view } = what
  const heir = claimant(site, unit, held.key)
  if (heir) return yield* handOver(site, unit, { held, heir })
  const change = held.key.startsWith('svc:') ? yield* restoreService(held, view) : yield* restoreThing(unit, held, view)
  const undone: Line = { t: 'undone', unit: unit.name, key: held.key, ns: held.ns }
  if (change === undefined) {
    site.lines.push(undone)
    yield { do: 'note', lines: [undone] }
    return
  }
  yield* perform(site, unit, { change, after: [undone] })
}

/** Back to the cell before, or the reverse hunks of an edit in a file that others have changed as well. */
function* restoreThing(unit: Unit, held: Holding, view: View): Steps<Change | undefined> {
  const { undoer, name } = undoerOf(held.key)
  const now = yield* needed(() => view.peek(undoer.reading(name, [])))
  const same = (cell: Cell) => !isUnknown(now) && canonical(now) === canonical(cell)
  if (same(held.before)) return undefined
  const shared = held.stretches.length > 1 || !same(held.after)
  if (held.edit && shared && !isUnknown(now)) return yield* undoEdit(unit, held, { now, view })
  const change: Change = {
    key: held.key,
    verb: `${held.before === null || held.key.startsWith('pkg:') ? 'remove' : 'put back'} ${name}`,
    before: isUnknown(now) ? null : now,
    after: held.before,
    sides: {},
    script: undoer.restore(name, held.before, held.after),
    ...(undoer.awaits ? { awaits: undoer.awaits(name) } : {}),
  }
  return held.key.startsWith('file:') ? yield* withTexts(change, { name, held, view }) : change
}

/** A service that ran before runs again on what it reads now; one that did not is forgotten. */
function* restoreService(held: Holding, view: View): Steps<Change | undefined> {
  const { undoer, name } = undoerOf(held.key)
  const before = held.before as ServiceCell
  const now = (yield* needed(() => view.peek(undoer.reading(name, held.reads)))) as ServiceCell
  if (!ranBefore(held)) {
    const gone: ServiceCell = { load: 'not-found', active: 'inactive', enabled: '-', loaded: '-' }
    const script = undoer.restore(name, before, now)
    return { key: held.key, verb: `forget ${name}`, before: now, after: gone, sides: {}, reads: held.reads, script }
  }
  const reads = held.reads.map((key) => {
    const each = undoerOf(key)
    return each.undoer.reading(each.name, [])
  })
  const again = yield* needed(() => service.plan({ kind: 'service', name, reads }, view))
  if (before.enabled === 'enabled' || now.enabled !== 'enabled') return again
  const base = again ?? { key: held.key, verb: `disable ${name}`, before: now, after: now, sides: {}, script: ':' }
  return { ...base, reads: held.reads, script: `${base.script} && systemctl -q disable ${name}` }
}

function ranBefore(held: Holding): boolean {
  return (held.before as ServiceCell | null)?.active === 'active'
}

function* halt(site: Site, unit: Unit, what: { held: Holding; view: View }): Steps<void> {
  const { held, view } = what
  const { undoer, name } = undoerOf(held.key)
  const now = (yield* needed(() => view.peek(undoer.reading(name, held.reads)))) as ServiceCell
  if (now.active !== 'active' || !undoer.halt) return
  const after = { ...now, active: 'inactive', loaded: '-' }
  const script = undoer.halt(name, held.before)
  const change: Change = {
    key: held.key,
    verb: `stop ${name}`,
    before: now,
    after,
    sides: {},
    reads: held.reads,
    script,
  }
  yield* perform(site, unit, { change, after: [] })
}

function* perform(site: Site, unit: Unit, what: { change: Change; after: Line[] }): Steps<void> {
  const before = beginLine(unit)
  site.lines.push(...before, ...what.after)
  const { change, after } = what
  yield { do: 'tell', event: { unit: unit.name, kind: 'change', stage: unit.state, verb: change.verb } }
  yield { do: 'write', unit: unit.name, stage: unit.state, change, before, after }
}
