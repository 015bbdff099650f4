import type { StatusReport, UnitStatus } from '../run/status.ts'
import { maskText, maskValue } from './mask.ts'
import { statusPaint } from './plan-text.ts'
import { renderTable } from './table.ts'
import { oneLine, type Paint, plain, renderJson } from './terminal-text.ts'
import { shownTime } from './time-text.ts'
import { renderYaml } from './yaml-text.ts'

/** In one of the formats of `kcharm status`. */
export function renderStatusAs(format: string, report: StatusReport, paint: Paint = plain): string {
  if (format === 'json') return renderJson(maskValue(report))
  if (format === 'yaml') return renderYaml(report)
  return format === 'tabular' ? renderStatus(report, paint) : renderStatusShort(report)
}

/** Tables as `juju status` shows them. */
export function renderStatus(report: StatusReport, paint: Paint = plain): string {
  return [
    renderTable([
      ['Model', 'Last visit'],
      [report.model.name, shownTime(report.model.visited)],
    ]),
    applications(report, paint),
    units(report, paint),
    machines(report, paint),
    relations(report),
  ]
    .filter((table) => table !== '')
    .join('\n')
}

/** One line for each unit, as Juju's formats short and line: unit, address, status. */
function renderStatusShort({ applications, machines }: StatusReport): string {
  return Object.values(applications)
    .flatMap(({ units }) => Object.entries(units))
    .map(([name, { machine, status, message }]) => {
      const words = message ? `${status}: ${message}` : status
      return `- ${name}: ${machines[machine]?.address ?? machine} (${oneLine(maskText(words))})\n`
    })
    .join('')
}

function applications({ applications }: StatusReport, paint: Paint): string {
  const rows = Object.entries(applications).map(([name, { charm, status, units }]) => {
    const versions = [...new Set(Object.values(units).flatMap(({ version }) => version ?? []))].sort()
    return [name, versions.join(', '), status, String(Object.keys(units).length), charm]
  })
  return rows.length === 0
    ? ''
    : renderTable([['App', 'Version', 'Status', 'Units', 'Charm'], ...rows], painted(2, paint))
}

/** A subordinate's unit stands below the unit beside which it lives. */
function units({ applications }: StatusReport, paint: Paint): string {
  const all = Object.values(applications).flatMap(({ units }) => Object.entries(units))
  const tops = all.filter(([, { principal }]) => principal === undefined || !all.some(([name]) => name === principal))
  const rows = tops.flatMap(([name, unit]) => [
    unitRow(name, unit),
    ...all.flatMap(([other, its]) => (its.principal === name ? [unitRow(`  ${other}`, its)] : [])),
  ])
  return rows.length === 0 ? '' : renderTable([['Unit', 'Status', 'Machine', 'Message'], ...rows], painted(1, paint))
}

function unitRow(name: string, { status, machine, message, hint }: UnitStatus): string[] {
  const words = [message, hint && `(${hint})`].filter((word) => word)
  return [name, status, machine, oneLine(maskText(words.join(' ')))]
}

function machines({ machines }: StatusReport, paint: Paint): string {
  const rows = Object.entries(machines).map(([name, { address, status, message }]) => {
    return [name, status, address, oneLine(maskText(message ?? ''))]
  })
  return rows.length === 0 ? '' : renderTable([['Machine', 'State', 'Address', 'Message'], ...rows], painted(1, paint))
}

function relations({ relations }: StatusReport): string {
  const rows = relations.map(({ requirer, provider, interface: name, status }) => [requirer, provider, name, status])
  return rows.length === 0 ? '' : renderTable([['Relation', 'Provider', 'Interface', 'State'], ...rows])
}

function painted(column: number, paint: Paint) {
  return (cell: string, row: number, at: number) => {
    if (row === 0 || at !== column) return cell
    if (cell === 'failed') return paint.bad(cell)
    return cell === 'reached' ? cell : statusPaint(cell, paint)(cell)
  }
}
