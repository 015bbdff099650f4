import { charmKey } from '../model/charm-of.ts'
import type { Json } from '../model/json.ts'
import { canonical } from '../model/json.ts'
import type { Ask } from './ask.ts'
import { holdings, type Line, type UnitRecord } from './manifest.ts'
import { adopt, descend, namesOf, succeed } from './revision.ts'
import { leftBehind } from './stale.ts'
import { isGone, type Site, stateOf, statusOf, type Unit } from './unit.ts'

/**
 * A unit has come to rest: its record goes to the manifest, if it says something new and the unit has (or had)
 * anything on the machine. A wait only shows the bags; its operation stays open.
 */
export function* settle(site: Site, unit: Unit): Generator<Ask, void, string | undefined> {
  if (stateOf(unit).kind === 'wait') {
    if (unit.pass) delete unit.pass.taken
    const shown = canonical(unit.record?.bags ?? {}) === canonical(unit.bags)
    if (!shown && unit.record && unit.pass?.open) yield* note(site, [{ t: 'bags', unit: unit.name, bags: unit.bags }])
    return
  }
  const half = closeAscent(site, unit)
  const record = recordOf(unit)
  if (half !== undefined) record.open = half
  const open = unit.pass?.open === true
  delete unit.pass
  const has = unit.record !== undefined || open || holdings(site.lines, unit.name).length > 0
  const news = open || canonical(record) !== canonical(unit.record)
  if (has && news && !(isGone(site, unit) && unit.record === undefined && !open)) {
    yield* note(site, [{ t: 'end', record }])
  }
  unit.record = record
}

function* note(site: Site, lines: Line[]): Generator<Ask, void, string | undefined> {
  site.lines.push(...lines)
  yield { do: 'note', lines }
}

/** An upgrade ends here: proved, or (its operation is the answer) left in the middle. */
function closeAscent(site: Site, unit: Unit): string | undefined {
  const { pass } = unit
  const proved = statusOf(unit) === 'active'
  if (pass?.ascent && proved) succeed(unit, leftBehind(site.lines, unit, pass.wanted ?? {}))
  const half = pass?.ascent && !proved ? pass.op : undefined
  if (!proved) descend(unit)
  adopt(unit)
  return half
}

function recordOf(unit: Unit): UnitRecord {
  return {
    unit: unit.name,
    app: unit.app,
    charm: charmKey(unit.charm),
    state: unit.state,
    bags: unit.bags,
    options: unit.options as Record<string, Json>,
    set: unit.set,
    links: unit.links,
    ...namesOf(unit.resources),
    ...(unit.refused ? { refused: unit.refused } : {}),
    ...(unit.kept.length > 0 ? { kept: unit.kept } : {}),
    ...(unit.version === undefined ? {} : { version: unit.version }),
    ...(unit.adopted ? { adopted: true } : {}),
    ...(unit.judged === undefined ? {} : { applied: unit.judged }),
    ...(unit.message === undefined ? {} : { message: unit.message }),
    ...(unit.fault === undefined ? {} : { fault: unit.fault }),
  }
}
