import { setTimeout as sleep } from 'node:timers/promises'
import { KcharmError } from '../errors/index.ts'
import type { StatusReport } from './status.ts'

export type Kind = 'model' | 'application' | 'unit' | 'machine'

/** `status==active && units==3`: what has to hold, all of it. */
export interface Condition {
  field: string
  equal: boolean
  value: string
}

export interface Wait {
  kind: Kind
  /** Of a model none. */
  name?: string
  query: Condition[]
  timeoutMs: number
  /** How long it has to hold without a break. */
  stableMs: number
  everyMs: number
}

/** The fields of a query, by kind. */
export const FIELDS: Record<Kind, string[]> = {
  model: ['status', 'applications', 'units', 'machines'],
  application: ['status', 'charm', 'units'],
  unit: ['status', 'machine', 'version', 'message'],
  machine: ['status', 'address'],
}

/** Throws `usage`, naming the fields that there are. */
export function parseQuery(text: string, kind: Kind): Condition[] {
  return text.split('&&').map((part) => {
    const [, field, operator, quoted, plain] = CONDITION.exec(part) ?? []
    if (field !== undefined && FIELDS[kind].includes(field)) {
      return { field, equal: operator === '==', value: quoted ?? plain ?? '' }
    }
    throw new KcharmError('usage', `--query ${JSON.stringify(part.trim())}: expected FIELD==VALUE or FIELD!=VALUE`, {
      hint: `the fields of a ${kind}: ${FIELDS[kind].join(', ')}; several conditions are joined by &&`,
    })
  })
}

const CONDITION = /^\s*([a-z]+)\s*([=!]=)\s*(?:"([^"]*)"|([^\s"&|]+))\s*$/

/**
 * Looks until the query has held for so long. Errors: `unit-failed` when it did not come about in time, or at once when
 * something is in error that the query does not ask for.
 */
export async function waitFor(wait: Wait, look: () => Promise<StatusReport>, now = Date.now): Promise<void> {
  const end = now() + wait.timeoutMs
  let since: number | undefined
  for (;;) {
    const facts = factsOf(wait, await look())
    const holds = facts !== undefined && wait.query.every((condition) => isTrue(condition, facts))
    since = holds ? (since ?? now()) : undefined
    if (since !== undefined && now() - since >= wait.stableMs) return
    if (facts && !holds && BAD.has(facts['status'] ?? '')) throw failed(wait, `is in ${facts['status']}`, facts)
    if (now() >= end) throw failed(wait, `did not come to that within ${wait.timeoutMs / 1000} s`, facts)
    await sleep(Math.min(wait.everyMs, Math.max(1, end - now())))
  }
}

/** Nothing gets out of these by waiting. */
const BAD = new Set(['error', 'failed'])

type Facts = Record<string, string>

function factsOf({ kind, name = '' }: Wait, { applications, machines }: StatusReport): Facts | undefined {
  const units = Object.values(applications).flatMap((each) => Object.entries(each.units))
  if (kind === 'model') {
    const statuses = Object.values(applications).map(({ status }) => status)
    const others = statuses.find((status) => BAD.has(status)) ?? statuses.find((status) => status !== 'active')
    const counts = { applications: statuses.length, units: units.length, machines: Object.keys(machines).length }
    return { status: others ?? 'active', ...texts(counts) }
  }
  if (kind === 'application') {
    const found = applications[name]
    return found && { status: found.status, charm: found.charm, ...texts({ units: Object.keys(found.units).length }) }
  }
  if (kind === 'machine') return machines[name] && texts({ ...machines[name] })
  const unit = units.find(([each]) => each === name)?.[1]
  return unit && texts({ ...unit })
}

function texts(values: Record<string, unknown>): Facts {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]))
}

function isTrue({ field, equal, value }: Condition, facts: Facts): boolean {
  return (facts[field] === value) === equal
}

function failed({ kind, name }: Wait, what: string, facts: Facts | undefined): KcharmError {
  const message = facts?.['message'] ? `: ${facts['message']}` : ''
  const seen = facts === undefined ? '; there is none by that name' : `; its status is ${facts['status']}${message}`
  return new KcharmError('unit-failed', `${[kind, name].filter((word) => word).join(' ')} ${what}${seen}`)
}
