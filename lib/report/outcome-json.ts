import type { Code } from '../errors/index.ts'
import type { SitePlan } from '../plan/plan-site.ts'
import { exitOf, type Outcome } from '../run/outcome.ts'
import { errorJson } from './error-text.ts'
import { maskValue } from './mask.ts'

/** What `--json` prints of an operation; observed texts are masked. */
export function outcomeJson(model: string, outcome: Outcome, worst: Code | undefined): object {
  const { carriedOut, plans, failed, units, wanted } = outcome
  return {
    model,
    carriedOut,
    result: worst ?? 'ok',
    exit: exitOf(worst),
    machines: plans.map(planJson),
    failed: failed.map(({ machine, error }) => ({ machine, ...errorJson(error) })),
    units: units.map(({ machine, record: { unit }, status, message, hint }) =>
      maskValue({ unit, machine, status, message, hint }),
    ),
    ...(wanted.notes ? { notes: maskValue(wanted.notes) } : {}),
  }
}

/** A machine's plan for people and files: without what only the engine needs. */
export function planJson({ machine, changes, units, reads }: SitePlan): object {
  return { machine, changes: maskValue(changes), units: maskValue(units), reads }
}
