import type { MachineReport } from '../run/show-model.ts'
import { renderTable } from './table.ts'
import { oneLine } from './terminal-text.ts'

export function renderMachines(machines: MachineReport[]): string {
  const rows = machines.map(({ name, address, port, user, tags, variables, units, fault }) => [
    name,
    fault ? 'failed' : Object.keys(units).length === 0 ? 'unused' : 'reached',
    `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`,
    [...tags, ...Object.entries(variables ?? {}).map(([key, value]) => `${key}=${value}`)].join(','),
    Object.keys(units).join(' '),
    oneLine(fault?.message ?? ''),
  ])
  return renderTable([['Machine', 'State', 'Login', 'Tags', 'Units', 'Message'], ...rows])
}
