import type { Statement } from './statements.ts'
import type { Cut } from './text-cut.ts'

/** The plugin's name where a statement below `plugins` itself holds it, and no further word of the statement. */
export function renamePlugin(text: string, { kind, table, start }: Statement, to: string): Cut[] {
  const depth = kind === 'header' ? 0 : table.length
  if (depth > 1 || kind === 'comment') return []
  const pattern = depth === 1 ? SECOND : kind === 'header' ? HEADER : FIRST
  const found = pattern.exec(text.slice(start))
  if (found === null) return []
  const at = start + (found[1] ?? '').length
  return [{ start: at, end: at + (found[2] ?? '').length, put: JSON.stringify(to) }]
}

const FIRST = /^((?:plugins|"plugins"|'plugins')\s*\.\s*)("[^"]*"|'[^']*'|[\w-]+)/
const HEADER = /^(\[\[?\s*(?:plugins|"plugins"|'plugins')\s*\.\s*)("[^"]*"|'[^']*'|[\w-]+)/
const SECOND = /^()("[^"]*"|'[^']*'|[\w-]+)/
