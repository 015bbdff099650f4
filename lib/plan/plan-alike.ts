import type { Reading } from '../host/view.ts'
import type { Site } from '../lifecycle/unit.ts'
import { type Looks, type Planned, planSite, type SitePlan } from './plan-site.ts'
import type { Observations } from './overlay.ts'

/** What a machine is that was planned, or as far as it was planned: it lacks readings. */
type Known = { lacks: Reading<unknown>[] } | { planned: Planned; units: string[] }

/** Plans by all that they follow from, but for the names of machines and units. For one set of declarations. */
export type Classes = Map<string, Known>

interface Alike {
  classes: Classes
  observed: Observations
  /** Names everything that a plan of the site follows from, besides names and the declarations: asked after each reading. */
  class(): string
}

/**
 * As `planSite`: a site of which all was seen before, on another machine, has that one's plan with names of its own. Where a
 * stage asked for a unit's name the plan is that machine's alone.
 */
export function* planAlike(
  site: Site,
  { classes, observed, class: classNow }: Alike,
  looks: Looks = {},
): Generator<Reading<unknown>[], Planned, void> {
  for (;;) {
    const known = classes.get(classNow())
    if (known === undefined) break
    if ('planned' in known) return renamed(known, site)
    yield known.lacks
  }
  const keep = (name: string, known: Known) => {
    if (!site.named) classes.set(name, known)
  }
  const steps = planSite(site, observed, looks)
  for (;;) {
    const name = classNow()
    const next = steps.next()
    if (next.done) {
      keep(name, { planned: next.value, units: namesOf(site) })
      return next.value
    }
    keep(name, { lacks: next.value })
    yield next.value
  }
}

function renamed({ planned: { plan, readings }, units }: Extract<Known, { units: string[] }>, site: Site): Planned {
  const names = new Map(namesOf(site).map((name, index) => [units[index], name]))
  const rename = <T extends { unit: string }>(all: T[]): T[] =>
    all.map((each) => ({ ...each, unit: names.get(each.unit) ?? each.unit }))
  const { changes, units: outlooks, later, notes } = plan
  const own: Partial<SitePlan> = {
    changes: rename(changes),
    units: rename(outlooks),
    later: rename(later),
    notes: rename(notes),
  }
  return { plan: { ...plan, machine: site.machine, ...own }, readings }
}

function namesOf(site: Site): string[] {
  return site.units.map(({ name }) => name)
}
