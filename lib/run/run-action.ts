import { KcharmError } from '../errors/index.ts'
import { Unread } from '../host/view.ts'
import type { Reading } from '../host/view.ts'
import type { Action, ActionAnswer } from '../lifecycle/action.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { contextOf } from '../lifecycle/unit.ts'
import { mapRecord } from '../model/map-record.ts'
import { problemText } from '../model/faults.ts'
import { optionsInForce, parseOptions } from '../model/options.ts'
import { unitsOf } from '../model/units.ts'
import type { SeenUnit, StoredModel } from '../state/stored-model.ts'
import { machineError } from './fleet.ts'
import { liveView } from './live-view.ts'
import { readModel } from './read-model.ts'
import { readMore, readSite, type SiteLink } from './site-link.ts'
import { siteOf } from './sites.ts'
import { requireUnit } from './verbs/require-unit.ts'
import type { Workspace } from './workspace.ts'

export interface ActionRun {
  unit: string
  machine: string
  answer?: ActionAnswer
  /** The unit could not be asked. */
  error?: KcharmError
}

export interface ActionWish {
  units: string[]
  action: string
  /** `key=value` pairs. */
  params: Record<string, string>
}

interface Job {
  seen: SeenUnit
  action: Action
  params: unknown
}

/**
 * Asks every unit at once, those of one machine one after the other. All that is wrong with the wish is thrown before any
 * connection: `no-model`, `not-found`, `invalid-option`. What a machine or a unit makes of it is its own.
 */
export async function runAction(work: Workspace, wish: ActionWish): Promise<ActionRun[]> {
  const stored = await readModel(work)
  const jobs = wish.units.map((name) => jobOf(work, wish, requireUnit(name, stored.units)))
  const machines = [...new Set(jobs.map(({ seen }) => seen.machine))]
  const runs = machines.map((machine) => {
    const own = jobs.filter(({ seen }) => seen.machine === machine)
    return askMachine(work, stored, { machine, jobs: own })
  })
  return (await Promise.all(runs)).flat()
}

function jobOf(work: Workspace, wish: ActionWish, seen: SeenUnit): Job {
  const charm = work.charms[seen.record.charm]
  const actions = charm?.actions ?? {}
  const action = Object.hasOwn(actions, wish.action) ? actions[wish.action] : undefined
  if (charm === undefined || action === undefined) {
    const what = `the charm ${seen.record.charm} has no action ${wish.action}`
    throw new KcharmError(
      'not-found',
      problemText({ path: [], what, meant: { word: wish.action, among: Object.keys(actions) } }),
    )
  }
  const meta = { ...charm, name: `${charm.name} ${wish.action}`, config: action.params }
  const params = optionsInForce(meta, { bundleOptions: parseOptions(meta, wish.params), setOptions: {} })
  return { seen, action, params }
}

async function askMachine(
  work: Workspace,
  stored: StoredModel,
  { machine, jobs }: { machine: string; jobs: Job[] },
): Promise<ActionRun[]> {
  const failed = (error: KcharmError) => jobs.map(({ seen }) => ({ unit: seen.record.unit, machine, error }))
  const known = stored.model.machines[machine]
  if (known === undefined) return failed(new KcharmError('not-found', `the model has no machine ${machine}`))
  try {
    const session = await work.open(known)
    try {
      const link = await readSite(known, session, [])
      if (jobs.some(({ action }) => action.makes)) await session.lock(work.holder)
      const runs: ActionRun[] = []
      for (const job of jobs) runs.push(await askUnit(work, stored, { link, job }))
      return runs
    } finally {
      await session.close()
    }
  } catch (thrown) {
    return failed(machineError(thrown, machine))
  }
}

async function askUnit(
  work: Workspace,
  stored: StoredModel,
  { link, job }: { link: SiteLink; job: Job },
): Promise<ActionRun> {
  const { unit } = job.seen.record
  const at = { unit, machine: link.machine.name }
  try {
    const reading = await question(link, job, siteFor(work.charms, stored, link))
    await readMore(link, [reading], (job.action.within ?? 60) * 1000)
    return { ...at, answer: link.observed.get(reading.key) as ActionAnswer }
  } catch (thrown) {
    if (thrown instanceof KcharmError && thrown.code !== 'connection') return { ...at, error: thrown }
    throw thrown
  }
}

/** What the action asks, after the readings that it needs to know it. */
async function question(link: SiteLink, job: Job, site: ReturnType<typeof siteOf>): Promise<Reading<ActionAnswer>> {
  const unit = site.units.find(({ name }) => name === job.seen.record.unit)
  if (unit === undefined) throw new KcharmError('not-found', `${link.machine.name} has no unit ${job.seen.record.unit}`)
  const { view } = liveView(link.observed, link.frames)
  for (;;) {
    try {
      return job.action.ask(contextOf(site, unit, view), job.params)
    } catch (thrown) {
      if (!(thrown instanceof Unread)) throw thrown
      await readMore(link, thrown.readings)
    }
  }
}

/** The machine's units as they stand; of what they were installed from the names are known, which is all that is asked. */
function siteFor(charms: Record<string, Charm>, { model, units }: StoredModel, link: SiteLink) {
  const recorded = units.map(({ machine, record: { unit, app, charm } }) => ({ machine, unit, app, charm }))
  const here = units.filter(({ machine }) => machine === link.machine.name)
  const blobs = Object.fromEntries(
    here.map(({ record }) => [
      record.app,
      mapRecord(record.resources ?? {}, (_name, blob) => ({ ...blob, size: 0, from: blob.name })),
    ]),
  )
  return siteOf(link.machine.name, link.lines, { model, charms, declared: unitsOf(model, { recorded, charms }), blobs })
}
