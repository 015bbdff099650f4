import { errorJson } from './error-text.ts'
import type { MachineCheck } from '../run/check-machines.ts'
import { maskText } from './mask.ts'
import { renderTable } from './table.ts'
import { oneLine, type Paint, plain } from './terminal-text.ts'

/** One table: a line for each machine, and for each further fault. */
export function renderChecks(checks: MachineCheck[], paint: Paint = plain): string {
  const rows = checks.flatMap(({ machine, user = '', system = '', clock, free, faults, error }) => {
    const told = error ? [[error.message, error.detail.hint].filter((word) => word).join('; ')] : faults
    const [first = '', ...others] = told.map((text) => oneLine(maskText(text)))
    const state = error ? error.code : faults.length > 0 ? 'faults' : 'ok'
    return [
      [machine, state, user, oneLine(system), seconds(clock), free === undefined ? '' : `${free} MiB`, first],
      ...others.map((text) => ['', '', '', '', '', '', text]),
    ]
  })
  const heading = ['Machine', 'State', 'User', 'System', 'Clock', 'Free', 'Message']
  return renderTable([heading, ...rows], (cell, row, column) => {
    if (row === 0 || column !== 1 || cell === '') return cell
    return cell === 'ok' ? paint.good(cell) : paint.bad(cell)
  })
}

export function checksJson(checks: MachineCheck[]): object {
  return checks.map(({ error, ...check }) => ({ ...check, ...(error ? errorJson(error) : {}) }))
}

function seconds(clock: number | undefined): string {
  if (clock === undefined) return ''
  return clock > 0 ? `+${clock} s` : `${clock} s`
}
