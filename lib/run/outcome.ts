import { CODES, type Code, type KcharmError } from '../errors/index.ts'
import type { SitePlan } from '../plan/plan-site.ts'
import type { SeenUnit } from '../state/stored-model.ts'
import type { Wanted } from './verb.ts'

/** What is known once the machines were read: what would be done. */
export interface Prepared {
  wanted: Wanted
  plans: SitePlan[]
  failed: MachineFailure[]
}

export interface MachineFailure {
  machine: string
  error: KcharmError
}

/** What came of an operation. */
export interface Outcome extends Prepared {
  /** False: only shown. */
  carriedOut: boolean
  /** All units of the model as they were last seen. */
  units: SeenUnit[]
}

/** Of several failures the first of these decides the exit status. */
const WORST_FIRST = [
  'internal',
  'interrupted',
  'foreign-model',
  'host-key',
  'auth',
  'connection',
  'locked',
  'plan-stale',
  'invalid-option',
  'unit-failed',
  'rollout-stopped',
  'unit-blocked',
] as const satisfies Code[]

/** The worst of what happened; nothing when all is well. `among`: the machines that the operation visited. */
export function worstOf({ failed, units, plans, carriedOut }: Outcome): Code | undefined {
  const visited = new Set(plans.map((plan) => plan.machine))
  const statuses = carriedOut
    ? units.filter((unit) => visited.has(unit.machine)).map((unit) => unit.status)
    : plans.flatMap((plan) => plan.units.map((unit) => unit.status))
  const codes = new Set<Code>([
    ...failed.map(({ error }) => error.code),
    ...(statuses.includes('error') ? (['unit-failed'] as const) : []),
    ...(statuses.includes('blocked') ? (['unit-blocked'] as const) : []),
  ])
  return worstCode([...codes])
}

export function worstCode(codes: Code[]): Code | undefined {
  return WORST_FIRST.find((code) => codes.includes(code)) ?? codes[0]
}

export function exitOf(code: Code | undefined): number {
  return code === undefined ? 0 : CODES[code].exit
}

export function hasChanges({ plans }: Pick<Prepared, 'plans'>): boolean {
  return plans.some((plan) => plan.changes.length > 0)
}
