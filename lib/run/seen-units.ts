import { openOperation, type UnitRecord } from '../lifecycle/manifest.ts'
import { isGone, type Site, statusOf, type Unit } from '../lifecycle/unit.ts'
import type { Json } from '../model/json.ts'
import type { SitePlan } from '../plan/plan-site.ts'
import type { SeenUnit } from '../state/stored-model.ts'
import type { FleetSite } from './fleet.ts'

/** The units of a machine as they stand on it now. A unit of which nothing is there, and nothing is known, is left out. */
export function seenUnits({ machine, site, plan }: FleetSite, now: string): SeenUnit[] {
  return site.units.flatMap((unit) => {
    if (unit.life === 'absent' && isGone(site, unit)) return []
    const seen = unit.record ? asRecorded(site, unit) : asPlanned(unit, plan)
    return seen ? [{ machine: machine.name, record: recordOf(unit), ...seen, seen: now }] : []
  })
}

type Standing = Pick<SeenUnit, 'status' | 'message' | 'hint'>

function asRecorded(site: Site, unit: Unit): Standing {
  if (openOperation(site.lines, unit.name)) {
    return { status: 'error', message: 'its last operation was cut off', hint: 'the next deploy goes on with it' }
  }
  return standing(statusOf(unit), unit.fault?.message ?? unit.message, unit.fault?.hint)
}

/** Never recorded: it was never touched. What its plan says is true when the plan has nothing to do for it. */
function asPlanned(unit: Unit, plan: SitePlan): Standing | undefined {
  if (unit.life === 'absent') return undefined
  if (plan.changes.some((change) => change.unit === unit.name)) return standing('unknown', 'not deployed yet')
  const outlook = plan.units.find((each) => each.unit === unit.name)
  return outlook && standing(outlook.status, outlook.message, outlook.hint)
}

function standing(status: string, message?: string, hint?: string): Standing {
  return { status, ...(message === undefined ? {} : { message }), ...(hint === undefined ? {} : { hint }) }
}

function recordOf(unit: Unit): UnitRecord {
  if (unit.record) return unit.record
  const { name, app, charm, state, bags, options, set, links } = unit
  return { unit: name, app, charm: charm.name, state, bags, options: options as Record<string, Json>, set, links }
}
