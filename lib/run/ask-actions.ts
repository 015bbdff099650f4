import { KcharmError } from '../errors/index.ts'
import { type Reading, Unread } from '../host/view.ts'
import type { Action, ActionAnswer } from '../lifecycle/action.ts'
import { contextOf, type Site } from '../lifecycle/unit.ts'
import type { Machine } from '../model/declaration.ts'
import { machineError } from './fleet.ts'
import { liveView } from './live-view.ts'
import { readMore, readSite, type SiteLink } from './site-link.ts'
import type { Workspace } from './workspace.ts'

export interface ActionRun {
  unit: string
  machine: string
  answer?: ActionAnswer
  /** The unit could not be asked. */
  error?: KcharmError
}

/** One unit to be asked something. */
export interface ActionJob {
  unit: string
  machine: Machine
  action: Action
  params: unknown
  /** The machine's units, this one among them. */
  site(link: SiteLink): Site
}

/** Asks all machines at once, the units of one machine one after the other. What a machine makes of it is its own. */
export async function askActions(work: Workspace, jobs: ActionJob[]): Promise<ActionRun[]> {
  const machines = new Map(jobs.map(({ machine }) => [machine.name, machine]))
  await work.open.prepare?.([...machines.values()])
  const runs = [...machines.values()].map((machine) => {
    const own = jobs.filter((job) => job.machine.name === machine.name)
    return askMachine(work, machine, own)
  })
  return (await Promise.all(runs)).flat()
}

async function askMachine(work: Workspace, machine: Machine, jobs: ActionJob[]): Promise<ActionRun[]> {
  try {
    const session = await work.open(machine)
    try {
      const link = await readSite(machine, session, [])
      if (jobs.some(({ action }) => action.makes)) await session.lock(work.holder)
      const runs: ActionRun[] = []
      for (const job of jobs) runs.push(await askUnit(link, job))
      return runs
    } finally {
      await session.close()
    }
  } catch (thrown) {
    const error = machineError(thrown, machine.name)
    return jobs.map(({ unit }) => ({ unit, machine: machine.name, error }))
  }
}

async function askUnit(link: SiteLink, job: ActionJob): Promise<ActionRun> {
  const at = { unit: job.unit, machine: link.machine.name }
  try {
    const reading = await question(link, job)
    await readMore(link, [reading], (job.action.within ?? 60) * 1000)
    return { ...at, answer: link.observed.get(reading.key) as ActionAnswer }
  } catch (thrown) {
    if (thrown instanceof KcharmError && thrown.code !== 'connection') return { ...at, error: thrown }
    throw thrown
  }
}

/** What the action asks, after the readings that it needs to know it. */
async function question(link: SiteLink, job: ActionJob): Promise<Reading<ActionAnswer>> {
  const site = job.site(link)
  const unit = site.units.find(({ name }) => name === job.unit)
  if (unit === undefined) throw new KcharmError('not-found', `${link.machine.name} has no unit ${job.unit}`)
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
