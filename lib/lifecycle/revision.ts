import { ZodError } from 'zod'
import { KcharmError } from '../errors/index.ts'
import type { Blob } from '../host/kind.ts'
import type { Key } from '../host/view.ts'
import { charmKey } from '../model/charm-of.ts'
import { digest } from '../model/json.ts'
import { type KeptRevision, openOperation, type UnitRecord } from './manifest.ts'
import { type Ascent, pathOf, type Stop } from './upgrades.ts'
import { configOf, type Pass, type Revision, type Site, type Unit } from './unit.ts'

/** What is wanted of a unit: at once, where its version stays; else it stays what it is until its chart takes an upgrade. */
export function want(unit: Unit, wanted: Revision): void {
  if (unit.charm !== wanted.charm) assertSameStates(unit, wanted)
  const version = goalOf(unit, wanted)
  const stays = unit.version === undefined || version === undefined || version === unit.version
  unit.wish = partsOf(wanted)
  const moves = unit.pass?.ascent !== undefined || unit.pass?.wish === 'rollback'
  if (stays && !moves) takeUp(unit)
}

/** A unit goes over from one charm to another, and back, where it stands: both must know the place. */
function assertSameStates({ name, charm: old }: Unit, { charm }: Revision): void {
  const [before, after] = [old, charm].map(({ chart }) => Object.keys(chart.states).sort().join(', '))
  if (before === after) return
  throw new KcharmError('invalid-charm', `${name}: ${charmKey(charm)} has other states than ${charmKey(old)}`, {
    hint: `expected ${before}; found ${after}`,
  })
}

/**
 * The revision of a record, in force again. Its bytes are known by name only, unless the wanted ones are the same. Where its
 * charm is not at hand any more, the wanted one takes its place.
 */
export function recordedRevision(
  record: Pick<UnitRecord, 'options' | 'set' | 'resources'> & Partial<Pick<UnitRecord, 'charm'>>,
  wanted: Revision,
  charmNamed: Unit['charmNamed'],
): Revision {
  const known = Object.values(wanted.resources)
  const resources = Object.fromEntries(
    Object.entries(record.resources ?? {}).map(([key, { name, sha256 }]): [string, Blob] => {
      return [
        key,
        known.find((blob) => blob?.sha256 === sha256 && blob.name === name) ?? { name, sha256, size: 0, from: name },
      ]
    }),
  )
  const charm = record.charm === undefined ? undefined : charmNamed?.(record.charm)
  return { charm: charm ?? wanted.charm, options: record.options, set: record.set, resources }
}

/** Which way the wanted revision lies, if it is another than the one in force and was not refused. Going back is tried once in a run. */
export function wayToWish(site: Site, unit: Unit): 'upgrade' | 'rollback' | undefined {
  const open = unit.begun ? undefined : openOperation(site.lines, unit.name)?.to
  const wanted = unit.wish === undefined || isRefused(unit) ? undefined : unit.wish
  const leads = wanted !== undefined && versionOf(unit, wanted) !== undefined
  if (leads && (open !== undefined || keptFor(unit) === undefined)) return 'upgrade'
  const back = wanted !== undefined || open !== undefined
  return back && !unit.returning ? 'rollback' : undefined
}

/** What is wanted was tried and refused: it is not tried again until something else is wanted, or somebody says so. */
export function isRefused(unit: Unit): boolean {
  return unit.wish !== undefined && unit.refused?.revision === revisionKey(unit.wish)
}

/** The unit goes over to what is wanted of it, or to the first stop on the way there. */
export function ascend(unit: Unit): Required<Pick<Pass, 'ascent' | 'before'>> {
  const { wish, version, judged } = unit
  const way = wish && version !== undefined ? wayTo(version, wish) : undefined
  if (way === undefined) throw new Error(`${unit.name}: there is nothing to upgrade to`)
  const before = { ...partsOf(unit), ...(judged === undefined ? {} : { judged }) }
  Object.assign(unit, partsOf(way.aim))
  return { before, ascent: way.ascent }
}

/** The next revision on the way from a version to a wish; nothing where the wish leads to no version. */
export function wayTo(from: string, wish: Revision): { aim: Revision; ascent: Ascent } | undefined {
  const { charm } = wish
  const { upgrades } = charm
  const goal = versionOf({}, wish)
  if (upgrades === undefined || goal === undefined) return undefined
  const path = pathOf(upgrades, from, goal)
  const stop = upgrades.stops && path !== undefined && path.length > 1 ? path[0]?.to : undefined
  const given = stop && upgrades.via?.(stop, configOf({ charm, options: wish.options }), wish.resources)
  const aim = given ? { ...wish, ...stopOf(wish, given) } : wish
  const missing = stop !== undefined && !given ? { missing: stop } : {}
  return {
    aim,
    ascent: { from, to: versionOf({}, aim) ?? goal, goal, path, wish: revisionKey(wish), ...missing },
  }
}

/** Charms that stop on the way have an option `version`. */
function stopOf({ options, resources }: Revision, stop: Stop): Pick<Revision, 'options' | 'resources'> {
  const others = Object.entries(options).filter(([name]) => name !== 'version')
  const version = stop.version === undefined ? {} : { version: stop.version }
  return { options: { ...Object.fromEntries(others), ...version }, resources: stop.resources ?? resources }
}

/** Back on the revision that was in force when the pass began. */
export function descend(unit: Unit): void {
  const { pass } = unit
  if (pass?.before === undefined) return
  const { judged, ...revision } = pass.before
  Object.assign(unit, revision)
  if (judged !== undefined) unit.judged = judged
  delete pass.before
  delete pass.ascent
  pass.config = configOf(unit)
}

/**
 * What the pass leads to is not tried again unasked, if it had already changed something. A disk that is full says nothing about
 * a version: the next run tries again.
 */
export function refuse(unit: Unit): void {
  const { pass, fault } = unit
  if (pass?.ascent === undefined) return
  const { message = 'those that it is related to have not taken it up', hint } = fault ?? {}
  const { to: version, wish: revision } = pass.ascent
  const full = DISK_FULL.test(message)
  const said = full ? 'free some space there, then run the same command again' : hint
  unit.refused = { revision, version, message, ...(said ? { hint: said } : {}), touched: pass.open && !full }
}

/** strerror(3) of ENOSPC and EDQUOT; sessions speak English. */
const DISK_FULL = /No space left on device|Disk quota exceeded/

/** The upgrade is proved: what it left is kept for going back, and what was wanted is in force. */
export function succeed(unit: Unit, keys: Key[]): void {
  const { pass } = unit
  if (pass?.ascent === undefined || pass.before === undefined) return
  const { charm, options, set, resources } = pass.before
  const { from: version } = pass.ascent
  const kept: KeptRevision = {
    ...{ version, op: pass.op, options, set, bags: pass.bagsBefore, keys },
    ...(charm.revision === undefined ? {} : { charm: charmKey(charm) }),
    ...namesOf(resources),
  }
  unit.kept = [...unit.kept, kept]
  delete unit.refused
}

/** A wish of the version that is in force already, or of whatever there is, is no upgrade any more. */
export function adopt(unit: Unit): void {
  const goal = unit.wish && goalOf(unit, unit.wish)
  if (unit.wish !== undefined && (goal === undefined || goal === unit.version)) takeUp(unit)
}

function takeUp(unit: Unit): void {
  Object.assign(unit, unit.wish)
  delete unit.wish
  delete unit.refused
}

/** A kept revision is in force again; what was wanted of it otherwise is taken up afterwards. */
export function returnTo(unit: Unit, kept: KeptRevision): void {
  const wanted = unit.wish ?? unit
  Object.assign(unit, recordedRevision(kept, wanted, unit.charmNamed), { version: kept.version, bags: kept.bags })
  unit.kept = unit.kept.slice(0, unit.kept.indexOf(kept))
  delete unit.refused
  if (unit.pass) unit.pass.config = configOf(unit)
}

/** Resources as records name them. */
export function namesOf(resources: Revision['resources']): Pick<UnitRecord, 'resources'> {
  const given = Object.entries(resources).flatMap(([key, blob]) => {
    return blob ? [[key, { name: blob.name, sha256: blob.sha256 }] as const] : []
  })
  return given.length === 0 ? {} : { resources: Object.fromEntries(given) }
}

/** The kept revision that is wanted again. */
export function keptFor(unit: Unit): KeptRevision | undefined {
  const version = unit.wish && goalOf(unit, unit.wish)
  return unit.kept.findLast((each) => each.version === version)
}

export function revisionKey({ charm, options, resources }: Revision): string {
  const bytes = Object.entries(resources).map(([name, blob]) => [name, blob?.sha256 ?? null])
  return digest([options, bytes, ...(charm.revision === undefined ? [] : [charm.revision])])
}

/** The version that a revision leads to; nothing where it leaves that open, or cannot be read. */
export function versionOf({ adopted }: Pick<Unit, 'adopted'>, revision: Omit<Revision, 'set'>) {
  const { charm, resources } = revision
  if (charm.upgrades === undefined || adopted) return undefined
  try {
    return charm.upgrades.version(configOf(revision), resources)
  } catch (thrown) {
    if (thrown instanceof ZodError) return undefined
    throw thrown
  }
}

/** The same; where it leaves that open, the kept version that somebody wants back, or the one that this unit had with it. */
function goalOf(unit: Unit, wanted: Revision): string | undefined {
  const { back } = wanted
  if (back === undefined) return versionOf(unit, wanted)
  const same = (each: KeptRevision) =>
    revisionKey(recordedRevision(each, wanted, unit.charmNamed)) === revisionKey(wanted)
  const kept = unit.kept.findLast(({ version }) => version === back) ?? unit.kept.findLast(same)
  return versionOf(unit, wanted) ?? kept?.version
}

function partsOf({ charm, options, set, resources, back }: Revision): Revision {
  return { charm, options, set, resources, ...(back === undefined ? {} : { back }) }
}
