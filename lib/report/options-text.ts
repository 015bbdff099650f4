import type { OptionInForce } from '../run/read-options.ts'
import { maskValue } from './mask.ts'
import { renderTable } from './table.ts'
import { oneLine } from './terminal-text.ts'

/** The options of one application as a table. */
export function renderOptions(options: Record<string, OptionInForce>): string {
  const rows = Object.entries(options).map(([key, { value, source }]) => [key, valueText(key, value), source])
  return renderTable([['Option', 'Value', 'Set by'], ...rows])
}

function valueText(key: string, value: unknown): string {
  const masked = maskValue({ [key]: value })[key]
  if (masked === undefined) return ''
  return oneLine(typeof masked === 'string' ? masked : JSON.stringify(masked))
}
