import { KcharmError } from '../errors/index.ts'
import { undoerOf } from '../host/objects.ts'
import { WRITING_PRELUDE } from '../host/prelude.ts'
import { BACKUPS, BLOBS, HOME, MANIFEST, path, RUN, STILL, TREES } from '../host/shell.ts'
import { compact, LONG } from '../lifecycle/compact.ts'
import type { Reading } from '../host/view.ts'
import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import { drive } from '../lifecycle/driver.ts'
import { holdings, type Line, openOperation, renderLine, unitsIn } from '../lifecycle/manifest.ts'
import { isGone, type Site } from '../lifecycle/unit.ts'
import { digest } from '../model/json.ts'
import { answeredReading, isAnother } from '../plan/answered.ts'
import type { SitePlan } from '../plan/plan-site.ts'
import { machineBackend } from './machine-backend.ts'
import { type Deadlines, DEADLINES } from './deadlines.ts'
import type { ProvideBlob } from './provide-blob.ts'
import { readMore, type SiteLink } from './site-link.ts'
import { Stopped } from './stopped.ts'

/** What is the same for all machines of an operation. */
export interface Orders {
  model: { id: string; name: string }
  holder: string
  /** Nothing but the very values of the plan: it was saved, and somebody vouched for it. */
  exact: boolean
  /** See `Surroundings`. */
  keepsFailed?: boolean
  /** Once it is aborted no further step begins: the machine is left as if the operator had gone, and the next run goes on. */
  stop?: AbortSignal
  operation(): string
  provideBlob: ProvideBlob
  deadlines: Deadlines
}

export interface Work extends Orders {
  link: SiteLink
  site: Site
  plan: SitePlan
  /** Every reading of the plan, to be read again under the lock. */
  readings: Map<string, Reading<unknown>>
  tell(event: LifeEvent | StepProgress): void
}

/** Under the machine's lock: nothing has changed since the plan, then the same driver as the plan's, on the machine. */
export async function carryOut(work: Work): Promise<void> {
  const { link, site, plan } = work
  await link.session.lock(work.holder)
  await refuseDrift(work)
  await sweepLeftovers(link, site)
  const say = (unit: string, text: string) => work.tell({ unit, kind: 'progress', text })
  const backend = machineBackend({
    machine: site.machine,
    session: link.session,
    observed: link.observed,
    frames: link.frames,
    planned: plan.changes,
    firstLine: modelLine(site, work.model),
    isRollback: (name, stage) => isRollback(site, name, stage),
    isBereft: (name) => !work.exact && isBereft(site, name),
    say,
    deadlines: work.deadlines,
    ...(work.stop ? { stop: work.stop } : {}),
    provideBlob: (unit, change) => work.provideBlob(link, change, (text) => say(unit, text)),
  })
  const { keepsFailed = false, operation } = work
  const agreed = (unit: string, what: string) =>
    plan.notes.some((note) => note.asks && note.unit === unit && note.text === what)
  const steps = drive(site, { foresees: false, keepsFailed, agreed, view: backend.live.view, operation })
  let next = steps.next()
  while (!next.done) {
    if (next.value.do === 'tell') {
      work.tell(next.value.event)
      next = steps.next()
      continue
    }
    const ask = next.value
    if (ask.do === 'write' && work.stop?.aborted) throw new Stopped(site.machine, work.stop.reason)
    next = await backend.answer(ask).then(
      (answer) => steps.next(answer),
      (thrown: unknown) => {
        if (thrown instanceof Stopped) throw thrown // no fault of a unit’s
        return steps.throw(thrown)
      },
    )
  }
  await leaveNothing(link, site)
  await shorten(link, site)
}

/** What was read for the plan is read again under the lock: a plan is carried out on the machine that it was made for. */
async function refuseDrift(work: Work): Promise<void> {
  const { link, plan } = work
  link.observed.clear()
  link.frames.clear()
  await readMore(link, [answeredReading, ...work.readings.values()])
  if (isAnother(plan.answered, link.answered)) throw anotherMachine(plan.machine)
  const drifted = Object.entries(plan.reads).filter(([key, was]) => digest(link.observed.get(key)) !== was)
  if (drifted.length === 0) return
  const names = drifted.map(([key]) => key).join(', ')
  throw new KcharmError('plan-stale', `${plan.machine} has changed since it was planned: ${names}`, {
    machine: plan.machine,
    hint: 'plan again and look at what is different',
  })
}

function anotherMachine(machine: string): KcharmError {
  return new KcharmError('plan-stale', `${machine} is another machine than the one that was planned for`, {
    machine,
    hint: 'its machine-id is another one; look whose address this is, then plan again',
  })
}

/** A write that was cut off may have left its temporary file; the intent names it. */
async function sweepLeftovers(link: SiteLink, site: Site): Promise<void> {
  const open = site.units.filter((unit) => openOperation(site.lines, unit.name))
  const keys = open.flatMap((unit) => holdings(site.lines, unit.name).map((held) => held.key))
  const paths = keys.flatMap((key) => {
    const { undoer, name } = undoerOf(key)
    return undoer.leftovers?.(name) ?? []
  })
  if (paths.length > 0) await link.session.run(`rm -rf ${paths.map(path).join(' ')}`, SWEEP)
}

/** Nothing is on the machine any more but kcharm's own folder. */
export function isDeserted(site: Site): boolean {
  const empty = site.units.every((unit) => unit.life === 'absent' && isGone(site, unit))
  const holding = unitsIn(site.lines).some(({ unit }) => holdings(site.lines, unit).length > 0)
  return empty && !holding && site.lines.length > 0
}

/** With the last unit gone, kcharm's own folder goes as well: the manifest last, so that a cut leaves something to go on with. */
async function leaveNothing(link: SiteLink, site: Site): Promise<void> {
  if (!isDeserted(site)) return
  const first = [BACKUPS, BLOBS, TREES, `${RUN}/services`, STILL]
  await link.session.run(`rm -rf ${first.map(path).join(' ')} && rm -rf ${path(HOME)}`, SWEEP)
}

const SWEEP = { deadlineMs: DEADLINES.sweep * 1000 }

/** A long manifest is replaced whole, by rename; reading it is part of every run. */
async function shorten(link: SiteLink, site: Site): Promise<void> {
  if (site.lines.length < LONG) return
  const lines = compact(site.lines)
  if (lines.length >= site.lines.length) return
  const text = Buffer.from(`${lines.map(renderLine).join('\n')}\n`).toString('base64')
  const fresh = path(`${MANIFEST}.new`)
  const script = `printf %s '${text}' | base64 -d >${fresh} && kc_sync ${fresh} && mv -f ${fresh} ${path(MANIFEST)}`
  await link.session.run(`${WRITING_PRELUDE}\n${script}`, SWEEP)
}

/** Undoing what this very pass did is the plan's standing promise and needs no line of its own in it. */
function isRollback(site: Site, name: string, stage: string): boolean {
  const state = site.units.find((unit) => unit.name === name)?.charm.chart.states[stage]
  return state?.kind === 'undo' && state.scope === 'pass'
}

function isBereft(site: Site, name: string): boolean {
  const peers = site.units.find((unit) => unit.name === name)?.links.map(({ peer }) => peer) ?? []
  return site.units.some((unit) => peers.includes(unit.name) && unit.begun && unit.fault !== undefined)
}

function modelLine(site: Site, model: { id: string; name: string }): Line | undefined {
  return site.lines.some((line) => line.t === 'model') ? undefined : { t: 'model', ...model }
}
