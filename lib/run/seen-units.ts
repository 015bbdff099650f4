import { openOperation, type UnitRecord } from '../lifecycle/manifest.ts'
import { isGone, statusOf, type Unit } from '../lifecycle/unit.ts'
import { charmKey } from '../model/charm-of.ts'
import type { Json } from '../model/json.ts'
import type { SitePlan } from '../plan/plan-site.ts'
import type { SeenUnit } from '../state/stored-model.ts'
import type { FleetSite } from './fleet.ts'

/**
 * The units of a machine as they stand on it now. A unit of which nothing is there, and nothing is known, is left out;
 * not where the run failed: whether its last step was done is not known, and somebody must look again.
 */
export function seenUnits(
  { machine, site, plan }: FleetSite,
  { now, failed }: { now: string; failed: boolean },
): SeenUnit[] {
  return site.units.flatMap((unit) => {
    const isLeft = unit.life === 'absent' && isGone(site, unit)
    if (isLeft && !failed) return []
    const isOpen = openOperation(site.lines, unit.name) !== undefined && unit.record?.open === undefined
    const isCutOff = isLeft || isOpen
    const seen = isCutOff ? CUT_OFF : unit.record ? asRecorded(unit) : asPlanned(unit, plan)
    return seen ? [{ machine: machine.name, record: recordOf(unit), ...seen, seen: now }] : []
  })
}

type Standing = Pick<SeenUnit, 'status' | 'message' | 'hint'>

const CUT_OFF: Standing = {
  status: 'error',
  message: 'its last operation was cut off',
  hint: 'the next deploy goes on with it',
}

function asRecorded(unit: Unit): Standing {
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
  return { unit: name, app, charm: charmKey(charm), state, bags, options: options as Record<string, Json>, set, links }
}
