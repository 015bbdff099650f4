import type { Operation } from '../run/history.ts'
import { maskText } from './mask.ts'
import { renderTable } from './table.ts'
import { oneLine, type Paint, plain } from './terminal-text.ts'
import { shownTime } from './time-text.ts'

/** One line for each operation. */
export function renderHistory(operations: Operation[], paint: Paint = plain): string {
  const rows = operations.map(({ op, at, title, holder, result, machines }) => [
    op,
    shownTime(at),
    result ?? 'cut off',
    String(Object.values(machines).reduce((sum, { changes }) => sum + changes, 0)),
    oneLine(title),
    oneLine(holder.replace(/ \(.*/, '')),
  ])
  return renderTable([['Operation', 'Begun', 'Result', 'Changes', 'What', 'Who'], ...rows], (cell, row, column) =>
    row === 0 || column !== 2 ? cell : cell === 'ok' ? paint.good(cell) : paint.bad(cell),
  )
}

/** One operation: who, when, what, and the outcome of each machine. */
export function renderOperation({ op, at, title, holder, result, machines }: Operation): string {
  const rows = Object.entries(machines).map(([machine, { changes, failed }]) => [
    machine,
    failed?.code ?? 'ok',
    String(changes),
    oneLine(maskText(failed?.message ?? '')),
  ])
  return [
    `Operation ${op}: ${oneLine(title)}`,
    `Begun ${shownTime(at)} by ${oneLine(holder)}; ${result === undefined ? 'cut off, or running still' : `result: ${result}`}`,
    '',
    rows.length === 0
      ? 'No machine was changed.\n'
      : renderTable([['Machine', 'Result', 'Changes', 'Message'], ...rows]),
  ].join('\n')
}
