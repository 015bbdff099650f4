import { textReading } from '../host/file.ts'
import type { Change } from '../host/kind.ts'
import { undoerOf } from '../host/objects.ts'
import type { PackageCell } from '../host/package.ts'
import { service, type ServiceCell } from '../host/service.ts'
import { type Cell, isUnknown, type Reading, type View } from '../host/view.ts'
import { canonical } from '../model/json.ts'
import { type Answer, type Ask, needed } from './ask.ts'
import { claimant, handOver } from './claims.ts'
import { foreignWords } from './foreign.ts'
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
  const services = what.held.filter((held) => held.key.startsWith('svc:')).map((held) => onWhatItRead(site, unit, held))
  const others = what.held.filter((held) => !held.key.startsWith('svc:')).reverse()
  for (const held of services)
    if (!ranBefore(held) && !claimant(site, unit, held.key)) yield* halt(site, unit, { held, view })
  for (const held of others) yield* putBack(site, unit, { held, view })
  for (const held of services) yield* putBack(site, unit, { held, view })
}

/**
 * What was written in this run may have been changed by somebody else since: it is read again, so that an undo sees it. A file's
 * cell before its text: who writes between the two is found by the guard of the step.
 */
export function* lookAgain(held: Holding[]): Steps<void> {
  const readings = held.flatMap(({ key, reads }): Reading<unknown>[] => {
    if (!/^(file|link|tree):/.test(key)) return []
    const { undoer, name } = undoerOf(key)
    return [undoer.reading(name, reads), ...(key.startsWith('file:') ? [textReading(name)] : [])]
  })
  if (readings.length > 0) yield { do: 'read', readings }
}

/** Of a service that the unit ran before, what that run of it had read: it is what it runs on again. */
function onWhatItRead(site: Site, unit: Unit, held: Holding): Holding {
  const earlier = site.lines.findLast(
    (line) => line.t === 'intent' && line.unit === unit.name && line.key === held.key && line.n < (held.ns[0] ?? 0),
  )
  return earlier?.t === 'intent' && earlier.reads ? { ...held, reads: earlier.reads } : held
}

function* putBack(site: Site, unit: Unit, what: { held: Holding; view: View }): Steps<void> {
  const { held, view } = what
  const heir = claimant(site, unit, held.key)
  if (heir) return yield* handOver(site, unit, { held, heir })
  const change = held.key.startsWith('svc:') ? yield* restoreService(held, view) : yield* restoreThing(site, unit, what)
  const undone: Line = { t: 'undone', unit: unit.name, key: held.key, ns: held.ns }
  if (change === undefined) {
    site.lines.push(undone)
    yield { do: 'note', lines: [undone] }
    return
  }
  yield* perform(site, unit, { change, after: [undone] })
}

/**
 * Back to the cell before, or the reverse hunks of an edit in a file that others have changed as well. Where somebody else
 * has made something of a thing that is wholly ours, the plan says what goes.
 */
export function* restoreThing(site: Site, unit: Unit, what: { held: Holding; view: View }): Steps<Change | undefined> {
  const { held, view } = what
  const { undoer, name } = undoerOf(held.key)
  const now = yield* needed(() => view.peek(undoer.reading(name, [])))
  const same = (cell: Cell) => !isUnknown(now) && canonical(now) === canonical(cell)
  if (same(held.before)) return undefined
  const shared = held.stretches.length > 1 || !same(held.after)
  if (held.edit && shared && !isUnknown(now)) return yield* undoEdit(unit, held, { now, view })
  const why = isUnknown(now) ? undefined : foreignWords(site.lines, held, now)
  const change: Change = {
    key: held.key,
    verb: restoringVerb(held, name),
    before: isUnknown(now) ? null : now,
    after: held.before,
    sides: {},
    script: undoer.restore(name, held.before, held.after),
    ...(why === undefined ? {} : { why }),
    ...(undoer.awaits ? { awaits: undoer.awaits(name) } : {}),
  }
  return held.key.startsWith('file:') ? yield* withTexts(change, { name, held, view }) : change
}

function restoringVerb({ key, before }: Holding, name: string): string {
  if (!key.startsWith('pkg:')) return `${before === null ? 'remove' : 'put back'} ${name}`
  const { state, version = '' } = before as PackageCell
  return state === 'installed' ? `put back ${name} ${version}` : `remove ${name}`
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
  site.lines.push(...before)
  const { change, after } = what
  const why = change.why === undefined ? {} : { why: change.why }
  yield { do: 'tell', event: { unit: unit.name, kind: 'change', stage: unit.state, verb: change.verb, ...why } }
  yield { do: 'write', unit: unit.name, stage: unit.state, change, before, after }
  site.lines.push(...after)
}
