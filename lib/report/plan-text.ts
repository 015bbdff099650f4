import type { KcharmError } from '../errors/index.ts'
import { relationText } from '../model/relate.ts'
import { canonical } from '../model/json.ts'
import type { PlannedChange, SitePlan, UnitOutlook } from '../plan/plan-site.ts'
import { diffLines } from './diff-text.ts'
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
  const groups = grouped(report.plans.filter((plan) => plan.changes.length > 0 || plan.units.some(isUnwell)))
  return [
    ...notesText(report, paint),
    ...groups.flatMap((group) => groupText(group, paint)),
    ...report.failed.map(({ machine, error }) => paint.bad(`${machine}: ${oneLine(maskText(error.message))}`)),
    summary(report),
    '',
  ].join('\n')
}

export function changeCount(plans: SitePlan[]): number {
  return plans.reduce((sum, plan) => sum + plan.changes.length, 0)
}

function summary({ model, plans, failed }: PlanReport): string {
  const count = changeCount(plans)
  const machines = plans.filter((plan) => plan.changes.length > 0).length
  const unread = failed.length === 0 ? '' : `; ${plural(failed.length, 'machine')} could not be planned`
  if (count === 0) return `Model ${model}: no changes on ${plural(plans.length, 'machine')}${unread}.`
  return `Model ${model}: ${plural(count, 'change')} on ${machines} of ${plural(plans.length, 'machine')}${unread}.`
}

/** Then it is shown although nothing will change: the exit status speaks of it. */
function isUnwell({ status }: Pick<UnitOutlook, 'status'>): boolean {
  return status === 'error' || status === 'blocked'
}

/** Equal but for the numbers of their units. */
function grouped(plans: SitePlan[]): SitePlan[][] {
  const groups = new Map<string, SitePlan[]>()
  for (const plan of plans) {
    const number = (text: string) => text.replaceAll(/\/\d+/g, '')
    const key = number(canonical([plan.changes, plan.units, laterStages(plan)]))
    groups.set(key, [...(groups.get(key) ?? []), plan])
  }
  return [...groups.values()]
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
  const changes = plan.changes.filter((change) => change.unit === unit.unit)
  const later = laterStages(plan).filter((each) => each.unit === unit.unit)
  const name = several ? unit.app : unit.unit
  return [
    `  ${name}: ${changes.length + later.length > 0 ? 'will be ' : ''}${outlookText(unit, paint)}`,
    ...(unit.hint ? [`      ${paint.dim(`hint: ${oneLine(maskText(unit.hint))}`)}`] : []),
    ...changes.flatMap((change) => changeText(change, paint)),
    ...later.map((each) => `    ${paint.doubtful('?')} ${each.stage}: ${oneLine(maskText(each.verb))}`),
  ]
}

/** Where the unit will stand when all goes well. */
function outlookText(unit: UnitOutlook, paint: Paint): string {
  if (unit.status === 'terminated') return 'gone'
  const message = unit.message ? `, ${oneLine(maskText(unit.message))}` : ''
  return statusPaint(unit.status, paint)(unit.status) + message
}

export function statusPaint(status: string, paint: Paint): (text: string) => string {
  if (status === 'active') return (text) => paint.good(text)
  if (isUnwell({ status })) return (text) => paint.bad(text)
  return (text) => paint.doubtful(text)
}

function changeText(change: PlannedChange, paint: Paint): string[] {
  const doubt = change.mayChange ? ` ${paint.doubtful('(may change)')}` : ''
  const why = [change.texts ? undefined : change.intent, change.why].flatMap((text) =>
    text ? [oneLine(maskText(text))] : [],
  )
  const reason = why.length > 0 ? paint.dim(`  ${why.join('; ')}`) : ''
  const diff = change.texts ? diffLines(change.texts) : []
  return [
    `    ${mark(change, paint)} ${oneLine(maskText(change.verb))}${doubt}${reason}`,
    ...diff.map((line) => `        ${diffPaint(line, paint)(harmless(line))}`),
  ]
}

function mark({ key, verb }: PlannedChange, paint: Paint): string {
  if (key.startsWith('svc:')) return paint.doubtful('!')
  return /^(remove|delete|purge|take)\b/.test(verb) ? paint.bad('-') : paint.good('+')
}

function diffPaint(line: string, paint: Paint): (text: string) => string {
  if (line.startsWith('+')) return (text) => paint.good(text)
  if (line.startsWith('-')) return (text) => paint.bad(text)
  return (text) => paint.dim(text)
}

/** Stages of which a plan can only say that they are to come. */
function laterStages({ events }: SitePlan): { unit: string; stage: string; verb: string }[] {
  return events.flatMap((event) => (event.kind === 'change' && event.verb.startsWith('later: ') ? [event] : []))
}

function notesText({ notes }: PlanReport, paint: Paint): string[] {
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
  return lines.length === 0 ? [] : [...lines.map((line) => paint.doubtful(oneLine(line))), '']
}

function keptText(key: string, value: unknown): string {
  return maskText(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
