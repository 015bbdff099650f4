import type { KcharmError } from '../errors/index.ts'
import { groupBy } from '../model/group-by.ts'
import { relationText } from '../model/relate.ts'
import { canonical } from '../model/json.ts'
import type { PlannedChange, SitePlan, UnitOutlook } from '../plan/plan-site.ts'
import { diffLines } from './diff-text.ts'
import { healthOf } from './health.ts'
import { maskText } from './mask.ts'
import { harmless, oneLine, type Paint, plain } from './terminal-text.ts'

export interface PlanReport {
  model: string
  plans: SitePlan[]
  failed: { machine: string; error: KcharmError }[]
  notes?: {
    vanished: {
      applications: string[]
      relations: Parameters<typeof relationText>[0][]
      machines: string[]
      units: { app: string; machine: string }[]
    }
    pruned: boolean
    kept: { app: string; key: string; value: unknown }[]
  }
}

/** Every change before it happens, machine by machine; machines with the same changes stand together. */
export function renderPlan(report: PlanReport, paint: Paint = plain): string {
  const notes = notesOf(report).map((line) => paint.doubtful(line))
  return [
    ...(notes.length === 0 ? [] : [...notes, '']),
    ...groupsOf(report).flatMap((group) => groupText(group, paint)),
    ...report.failed.map(({ machine, error }) => paint.bad(`${machine}: ${oneLine(maskText(error.message))}`)),
    summaryOf(report),
    '',
  ].join('\n')
}

/** The machines for which there is something to say; those with the same changes together. */
export function groupsOf({ plans }: PlanReport): SitePlan[][] {
  return grouped(plans.filter(({ changes, notes, units }) => changes.length + notes.length > 0 || units.some(isUnwell)))
}

export function changeCount(plans: SitePlan[]): number {
  return plans.reduce((sum, plan) => sum + plan.changes.length, 0)
}

export function summaryOf({ model, plans, failed }: PlanReport): string {
  const count = changeCount(plans)
  const machines = plans.filter((plan) => plan.changes.length > 0).length
  const unread = failed.length === 0 ? '' : `; ${plural(failed.length, 'machine')} could not be planned`
  if (count === 0) return `Model ${model}: no changes on ${plural(plans.length, 'machine')}${unread}.`
  return `Model ${model}: ${plural(count, 'change')} on ${machines} of ${plural(plans.length, 'machine')}${unread}.`
}

/** Then it is shown although nothing will change: the exit status speaks of it. */
function isUnwell({ status }: Pick<UnitOutlook, 'status'>): boolean {
  return healthOf(status) === 'bad'
}

/** Equal but for the numbers of their units. */
function grouped(plans: SitePlan[]): SitePlan[][] {
  const number = (text: string) => text.replaceAll(/\/\d+/g, '')
  return [...groupBy(plans, (plan) => number(canonical([plan.changes, plan.units, plan.later, keptIn(plan)]))).values()]
}

function keptIn({ notes }: SitePlan): SitePlan['notes'] {
  return notes.filter((note) => note.kept)
}

function groupText(group: SitePlan[], paint: Paint): string[] {
  const [first] = group
  if (first === undefined) return []
  const names = group.map((plan) => plan.machine)
  const same = names.length > 1 ? paint.dim(`  (${names.length} machines, the same on each)`) : ''
  const several = names.length > 1
  return [
    paint.strong(names.join(', ')) + same,
    ...first.units.flatMap((unit) => unitText(first, unit, { paint, several })),
    '',
  ]
}

interface Look {
  paint: Paint
  several: boolean
}

function unitText(plan: SitePlan, unit: UnitOutlook, { paint, several }: Look): string[] {
  const { changes, later } = changesOf(plan, unit)
  const name = several ? unit.app : unit.unit
  return [
    `  ${name}: ${changes.length + later.length > 0 ? 'will be ' : ''}${outlookText(unit, paint)}`,
    ...upgradeNotes(plan, unit, paint),
    ...(unit.hint ? [`      ${paint.dim(`hint: ${oneLine(maskText(unit.hint))}`)}`] : []),
    ...changes.flatMap((change) => changeText(change, paint)),
    ...later.map((each) => `    ${paint.doubtful('?')} ${each.stage}: ${oneLine(maskText(each.verb))}`),
  ]
}

/** What an upgrade means here; what it asks for stands out. */
export function upgradeNotes({ notes }: SitePlan, { unit }: UnitOutlook, paint: Paint): string[] {
  const own = notes.filter((note) => note.unit === unit)
  return own.map(({ text, asks }) => `    ${asks ? paint.bad('!!') : paint.dim('*')} ${oneLine(maskText(text))}`)
}

/** What somebody must agree to, each once, with its machines. */
export function asksOf(plans: SitePlan[]): string[] {
  const asks = plans.flatMap(({ machine, notes }) =>
    notes.filter((note) => note.asks).map(({ text }) => ({ machine, text })),
  )
  const texts = [...new Set(asks.map(({ text }) => text))]
  return texts.map((text) => {
    const machines = asks.filter((each) => each.text === text).map(({ machine }) => machine)
    return `${oneLine(maskText(text))} (${machines.join(', ')})`
  })
}

export function changesOf(plan: SitePlan, { unit }: Pick<UnitOutlook, 'unit'>) {
  return {
    changes: plan.changes.filter((change) => change.unit === unit),
    later: plan.later.filter((each) => each.unit === unit),
  }
}

/** Where the unit will stand when all goes well. */
function outlookText(unit: UnitOutlook, paint: Paint): string {
  if (unit.status === 'terminated') return 'gone'
  const message = unit.message ? `, ${oneLine(maskText(unit.message))}` : ''
  return statusPaint(unit.status, paint)(unit.status) + message
}

export function statusPaint(status: string, paint: Paint): (text: string) => string {
  const health = healthOf(status)
  return (text) => paint[health === 'unknown' ? 'doubtful' : health](text)
}

function changeText(change: PlannedChange, paint: Paint): string[] {
  const doubt = change.mayChange ? ` ${paint.doubtful('(may change)')}` : ''
  const why = reasonOf(change)
  const reason = why === '' ? '' : paint.dim(`  ${why}`)
  const diff = change.texts ? diffLines(change.texts) : []
  return [
    `    ${mark(change, paint)} ${oneLine(maskText(change.verb))}${doubt}${reason}`,
    ...diff.map((line) => `        ${diffPaint(line, paint)(harmless(line))}`),
  ]
}

/** What is meant, unless a diff shows it, and why. */
export function reasonOf({ texts, intent, why }: PlannedChange): string {
  return [texts ? undefined : intent, why].flatMap((text) => (text ? [oneLine(maskText(text))] : [])).join('; ')
}

/** What a change is at a glance: a service’s, something taken away, or something made. */
export function markOf({ key, verb }: PlannedChange): '!' | '-' | '+' {
  if (key.startsWith('svc:')) return '!'
  return /^(remove|delete|purge|take)\b/.test(verb) ? '-' : '+'
}

const MARK_PAINT = { '!': 'doubtful', '-': 'bad', '+': 'good' } as const

function mark(change: PlannedChange, paint: Paint): string {
  return paint[MARK_PAINT[markOf(change)]](markOf(change))
}

function diffPaint(line: string, paint: Paint): (text: string) => string {
  if (line.startsWith('+')) return (text) => paint.good(text)
  if (line.startsWith('-')) return (text) => paint.bad(text)
  return (text) => paint.dim(text)
}

/** What a bundle no longer names, or does not. */
export function notesOf({ notes }: PlanReport): string[] {
  if (notes === undefined) return []
  const { vanished, pruned, kept } = notes
  const gone = [
    ...vanished.applications.map((app) => `application ${app}`),
    ...vanished.relations.map((relation) => `relation ${relationText(relation)}`),
    ...vanished.machines.map((machine) => `machine ${machine}`),
    ...vanished.units.map(({ app, machine }) => `${app} on ${machine}`),
  ]
  const fate = pruned ? 'removed' : 'kept; --prune removes it'
  const lines = [
    ...gone.map((what) => `No longer in the bundle (${fate}): ${what}`),
    ...kept.map(({ app, key, value }) => `Set by config, not named by the bundle: ${app} ${keptText(key, value)}`),
  ]
  return lines.map((line) => oneLine(line))
}

function keptText(key: string, value: unknown): string {
  return maskText(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
