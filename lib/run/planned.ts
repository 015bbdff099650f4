import { KcharmError } from '../errors/index.ts'
import type { Change } from '../host/kind.ts'
import { digest } from '../model/json.ts'
import type { PlannedChange } from '../plan/plan-site.ts'

/**
 * Nothing is changed that the plan did not show: executed is a part of planned, equal where the value was known. `bereft`:
 * a related unit failed in this run, so the unit makes do without what that one would have brought, in the planned places.
 */
export function assertPlanned(
  machine: string,
  step: { unit: string; stage: string; change: Change; bereft: boolean },
  planned: PlannedChange[],
): void {
  const { change } = step
  const match = planned.find(
    (each) =>
      each.unit === step.unit &&
      each.stage === step.stage &&
      each.key === change.key &&
      (step.bereft || each.after === 'later' || each.after === digest(change.after)),
  )
  if (match) return
  throw new KcharmError('plan-stale', `${machine}: ${change.verb} is not in the plan`, {
    unit: step.unit,
    hint: 'something that the plan counted on, such as a related unit, came out otherwise; mend that and plan again',
  })
}
