import { tomlScalar } from '../../../lib/model/toml-text.ts'
import { isTable, type Table } from './parse.ts'

/** Whole tables with their sub-tables, one line each; `tag` ends each header. */
export function renderTable(path: readonly string[], table: Table, tag = ''): string[] {
  const entries = Object.entries(table)
  const own = entries.filter(([, value]) => !isTable(value))
  const header = own.length > 0 || entries.length === 0 ? [`[${tomlPath(path)}]${tag}`] : []
  return [
    ...header,
    ...own.map(([key, value]) => `  ${tomlPath([key])} = ${tomlValue(value)}${tag}`),
    ...entries.flatMap(([key, value]) => (isTable(value) ? renderTable([...path, key], value, tag) : [])),
  ]
}

export function tomlPath(path: readonly string[]): string {
  return path.map((key) => (/^[\w-]+$/.test(key) ? key : tomlScalar(key))).join('.')
}

/** On one line; a table becomes an inline table. */
export function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`
  if (!isTable(value)) return tomlScalar(value)
  const pairs = Object.entries(value).map(([key, inner]) => `${tomlPath([key])} = ${tomlValue(inner)}`)
  return `{ ${pairs.join(', ')} }`
}
