import type { ConfigFacts } from './facts.ts'
import { runtimesIn } from './ids.ts'
import { isTable, type Table } from './parse.ts'
import { renderTable } from './render.ts'
import { handlerTables, refuseForeign, settingsOf, type Wish } from './wish.ts'

/**
 * The drop-in for a 2.x daemon, under the main file's own version (2.0 to 2.2 silently lose one of two files whose
 * versions differ) and in the plugin that this version reads. Throws `unsafe-input` when the main file has a handler
 * of that name already.
 */
export function renderDropIn(main: ConfigFacts, wish: Wish): string {
  refuseForeign(wish, main)
  const root: Table = {}
  for (const [name, table] of Object.entries(handlerTables(wish))) put(root, [...runtimesIn(main.plugin), name], table)
  for (const { path, value } of settingsOf(wish, main)) put(root, path, value)
  const lines = Object.entries(root).flatMap(([key, table]) => (isTable(table) ? renderTable([key], table) : []))
  return ['# Written by kcharm, which overwrites it.', `version = ${main.schema}`, ...lines, ''].join('\n')
}

function put(table: Table, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    table[key] = value
    return
  }
  const inner = table[key]
  const next = isTable(inner) ? inner : {}
  table[key] = next
  put(next, rest, value)
}
