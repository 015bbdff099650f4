import { KcharmError, toKcharmError } from '../errors/index.ts'
import type { Blob } from '../host/kind.ts'
import { undoerOf } from '../host/objects.ts'
import type { Key, Reading } from '../host/view.ts'
import type { Charm } from '../lifecycle/charm.ts'
import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import { type Line, type UnitRecord, unitsIn } from '../lifecycle/manifest.ts'
import type { Site, Unit } from '../lifecycle/unit.ts'
import type { Machine, Model } from '../model/declaration.ts'
import { groupBy } from '../model/group-by.ts'
import { mapRecord } from '../model/map-record.ts'
import { secretsNamed } from '../model/secret-references.ts'
import { type DeclaredUnit, type RecordedUnit, unitsOf } from '../model/units.ts'
import { type Classes, planAlike } from '../plan/plan-alike.ts'
import { isAsked, type Planned, planSite, type SitePlan } from '../plan/plan-site.ts'
import { ConnectionLost } from '../ssh/connection-lost.ts'
import { Limiter } from '../ssh/limiter.ts'
import { held } from '../ssh/lock-refused.ts'
import { Answers } from './answers.ts'
import { carryOut, isDeserted, type Orders } from './carry-out.ts'
import type { NodeSession } from './node-session.ts'
import { assertOurs } from './ownership.ts'
import type { OpenMachine, Secrets } from './workspace.ts'
import { readMore, readSite, type SiteLink } from './site-link.ts'
import { copySite, givenOptions, likeness, siteOf } from './sites.ts'

export interface FleetGiven {
  model: Model
  /** Has the last word on the model once the machines were read: a lost record is rebuilt from their manifests. */
  settleModel?(found: { machine: string; lines: Line[] }[]): Model
  charms: Record<string, Charm>
  blobs: Record<string, Record<string, Blob | undefined>>
  machines: Machine[]
  /** Units that the operator's record knows, for machines that do not answer. */
  known: { machine: string; record: UnitRecord }[]
  /** Cells that the last plan of a machine read: asked for with the first request. */
  hints: Record<string, Hint[]>
  /** Walk only this unit's life. */
  only?: string
  /** Applications whose units try again what they refused. */
  retries?: string[]
  /** Applications whose units keep no earlier version, as far as nothing runs from it. */
  prunes?: string[]
  /** Nothing will be carried out: the machines shall not notice. */
  looksOnly: boolean
  secret?: Secrets
  open: OpenMachine
}

export interface Hint {
  key: Key
  reads: Key[]
}

export interface FleetSite {
  machine: Machine
  link: SiteLink
  site: Site
  plan: SitePlan
  readings: Map<Key, Reading<unknown>>
}

export interface Fleet {
  sites: FleetSite[]
  /** Machines that cost only their own units. */
  failed: { machine: string; error: KcharmError }[]
  model: Model
  declared: DeclaredUnit[]
  /** Every session that was opened, also those of machines that failed later. */
  sessions: NodeSession[]
}

/** Connects to all machines, reads each in one request, and plans them. Sessions stay open; `closeFleet` ends them. */
export async function planFleet(given: FleetGiven): Promise<Fleet> {
  const sessions: NodeSession[] = []
  try {
    return await planOn(given, sessions)
  } catch (error) {
    await closeAll(sessions)
    throw error
  }
}

/** Something is to be done, recorded, or swept up there. */
export function isBusy({ plan, site }: FleetSite): boolean {
  return plan.changes.length > 0 || plan.records > 0 || isDeserted(site)
}

export interface Applying extends Orders {
  tell(machine: string, event: LifeEvent | StepProgress): void
}

/** Carries the plans of these machines out, all at once; each failure is its machine's own. */
export async function applyFleet(fleet: Fleet, sites: FleetSite[], how: Applying): Promise<void> {
  await each(sites, fleet.failed, async (at) => {
    await carryOut({ ...at, ...how, tell: (event) => how.tell(at.machine.name, event) })
    return at
  })
}

/**
 * As many machines are logged in to and read at once. More would be no faster, as this process is busy with these, and would wait
 * for it while the deadlines of their logins pass.
 */
const LOOKS = 64

/** The machine as it is now, planned again; nothing is taken over from before. */
export async function look({ machine, link, site }: FleetSite): Promise<Planned> {
  const again = { ...link, observed: new Map(), frames: new Map() }
  const units = site.units.map((unit): Unit => ({ ...unit, begun: false }))
  return await readOn({ ...again, machine }, planSite(copySite({ ...site, units }), again.observed))
}

export async function closeFleet(fleet: Fleet): Promise<void> {
  await closeAll(fleet.sessions)
}

async function planOn(given: FleetGiven, sessions: NodeSession[]): Promise<Fleet> {
  const failed: Fleet['failed'] = []
  const machines = given.machines.map((machine) => ({ machine }))
  const likely = likelyReadings(given)
  const answers = new Answers()
  await given.secret?.prepare?.(secretsNamed(given.model, given.charms))
  await given.open.prepare?.(given.machines)
  const looks = new Limiter(LOOKS)
  let foresight: NodeJS.Immediate | undefined
  const lookAt = async (machine: Machine): Promise<SiteLink> => {
    const session = await given.open(machine)
    sessions.push(session)
    const reading = readSite(machine, session, likely(machine), answers)
    foresight ??= setImmediate(() => foresee(given))
    return await reading
  }
  const links = await each(machines, failed, ({ machine }) => looks.run(() => lookAt(machine)))
  return { ...(await planLinks(links, given, failed)), failed, sessions }
}

/** While the first machine works on its answer. */
function foresee({ model, charms }: FleetGiven): void {
  for (const name of new Set(Object.values(model.applications).map(({ charm }) => charm))) charms[name]?.chart.foresee()
}

/** Plans machines that were read; those that are alike once. `failed` takes those that cannot be planned. */
export async function planLinks(
  links: SiteLink[],
  given: FleetGiven,
  failed: Fleet['failed'],
): Promise<Pick<Fleet, 'sites' | 'model' | 'declared'>> {
  const found = links.map((at) => ({ machine: at.machine.name, lines: at.lines }))
  const model = given.settleModel?.(found) ?? given.model
  const ours = await each(links, failed, async (at) => {
    if (at.holder !== undefined && !given.looksOnly) throw held(at.machine.name, at.holder)
    assertOurs(at.machine.name, at.lines, model)
    return at
  })
  const recorded = [...ours.flatMap(unitsOnSite), ...unreached(given, ours)]
  const declared = unitsOf(model, { recorded, charms: given.charms })
  const settled = { ...given, model, declared }
  const classes: Classes = new Map()
  const sites = await each(ours, failed, (at) => planLink(at, settled, classes))
  return { sites, model, declared }
}

async function closeAll(sessions: NodeSession[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.close().catch(() => undefined)))
}

/** What is asked of a machine with the first request. */
function likelyReadings(given: FleetGiven): (machine: Machine) => Reading<unknown>[] {
  const observed = Object.entries(observedBy(given))
  const known = groupBy(given.known, ({ machine }) => machine)
  return ({ name }) => {
    const charms = observed.flatMap(([app, readings]) => {
      const record = known.get(name)?.find((each) => each.record.app === app)?.record
      const asks = isAsked(record, given.looksOnly)
      return readings.filter(({ lasting }) => lasting !== 'effect' || asks)
    })
    return [...charms, ...hintedReadings(given.hints[name] ?? [])]
  }
}

function hintedReadings(hints: Hint[]): Reading<unknown>[] {
  return hints.map(({ key, reads }) => {
    const { undoer, name } = undoerOf(key)
    return undoer.reading(name, reads)
  })
}

/** By application, what its charm is sure to ask of every machine. */
type Observed = Record<string, Reading<unknown>[]>

function observedBy({ model, charms, blobs }: FleetGiven): Observed {
  return mapRecord(model.applications, (name, app) => {
    const charm = charms[app.charm]
    const options = charm?.config.safeParse(givenOptions(app))
    return charm && options?.success ? charm.observe(options.data, blobs[name] ?? {}) : []
  })
}

async function planLink(
  at: SiteLink,
  given: FleetGiven & { declared: DeclaredUnit[] },
  classes: Classes,
): Promise<FleetSite> {
  const site = siteOf(at.machine.name, at.lines, given)
  if (given.only !== undefined) for (const unit of site.units) unit.begun = unit.name !== given.only
  for (const unit of site.units) {
    if (unit.name === given.only || given.retries?.includes(unit.app)) delete unit.refused
    if (given.prunes?.includes(unit.app)) unit.prunes = true
    if (given.only !== undefined && unit.name !== given.only) delete unit.wish
  }
  const alike = { classes, observed: at.observed, class: () => `${likeness(site)} ${at.heard}` }
  const steps = planAlike(copySite(site), alike, { looksOnly: given.looksOnly })
  const { plan, readings } = await readOn(at, steps)
  const { answered } = at
  return { machine: at.machine, link: at, site, readings, plan: { ...plan, ...(answered ? { answered } : {}) } }
}

async function readOn(at: SiteLink, steps: Generator<Reading<unknown>[], Planned, void>): Promise<Planned> {
  let next = steps.next()
  while (!next.done) {
    await readMore(at, next.value)
    next = steps.next()
  }
  return next.value
}

function unitsOnSite(at: SiteLink): RecordedUnit[] {
  return unitsIn(at.lines).map((unit) => recorded(at.machine.name, unit))
}

function recorded(machine: string, { unit, app, charm }: ReturnType<typeof unitsIn>[number]): RecordedUnit {
  return { machine, unit, app, charm }
}

function unreached(given: FleetGiven, links: SiteLink[]): RecordedUnit[] {
  const reached = new Set(links.map((each) => each.machine.name))
  return given.known.filter((each) => !reached.has(each.machine)).map((each) => recorded(each.machine, each.record))
}

async function each<T extends { machine: Machine }, R>(
  items: T[],
  failed: Fleet['failed'],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const done = await Promise.all(
    items.map(async (item): Promise<R[]> => {
      try {
        return [await work(item)]
      } catch (thrown) {
        failed.push({ machine: item.machine.name, error: machineError(thrown, item.machine.name) })
        return []
      }
    }),
  )
  return done.flat()
}

/** A lost connection is no verdict on the machine: what was done there is in its manifest. */
export function machineError(thrown: unknown, machine: string): KcharmError {
  if (!(thrown instanceof ConnectionLost)) return toKcharmError(thrown)
  const hint = 'run the same command again: it goes on from what the machine has recorded'
  return new KcharmError('connection', thrown.message, { machine, hint, cause: thrown })
}
