import type { MachineReport } from '../run/show-model.ts'
import { renderTable } from './table.ts'
import { oneLine } from './terminal-text.ts'

export function renderMachines(machines: MachineReport[]): string {
  const rows = machines.map(({ name, address, port, user, tags, units, fault }) => [
    name,
    fault ? 'failed' : Object.keys(units).length === 0 ? 'unused' : 'reached',
    `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`,
    tags.join(','),
    Object.keys(units).join(' '),
    oneLine(fault?.message ?? ''),
  ])
  return renderTable([['Machine', 'State', 'Login', 'Tags', 'Units', 'Message'], ...rows])
}
