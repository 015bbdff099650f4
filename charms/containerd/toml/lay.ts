import { isDeepStrictEqual } from 'node:util'
import { KcharmError } from '../../../lib/errors/index.ts'
import { insertBlock } from './block.ts'
import { RUNTIMES } from './ids.ts'
import { insertInline, isInline } from './inline-table.ts'
import { leafKey, leaves, leavesIfToml, type Table } from './parse.ts'
import { renderTable, tomlPath } from './render.ts'
import { setValue } from './set-value.ts'
import { LINE_TAG } from './tags.ts'
import type { Setting } from './wish.ts'
import type { Withdrawn } from './withdraw.ts'

/** What is to be written into the operator's part of a file. */
export interface Parts {
  /** Handlers' tables by name. */
  tables: Table
  /** Values that the operator's part does not have already. */
  settings: Setting[]
}

/** The operator's part with ours in it. Throws `unsafe-input` when the file's layout would make that change anything else. */
export function lay(left: Withdrawn, parts: Parts): string {
  const { tables, settings } = parts
  const { path } = left
  const homeless = settings.filter((setting) => setValue(left.text, { setting, path }) === undefined)
  const names = Object.keys(tables)
  const inline = names.length > 0 && isInline(left.text)
  const headed = inline || names.length === 0 ? [] : names
  const lines = [...(headed.length > 0 ? renderTable(RUNTIMES, tables) : []), ...newTables(homeless)]
  const withBlock = lines.length > 0 ? insertBlock(left.text, { at: left.at, names: headed, lines }) : left.text
  const withTables = inline ? insertInline(withBlock, tables) : withBlock
  const text = settings
    .filter((setting) => !homeless.includes(setting))
    .reduce((before, setting) => setValue(before, { setting, path }) ?? before, withTables)
  verify(text, { left, parts })
  return text
}

/** Our values by their `leafKey`. */
export function leavesOf({ tables, settings }: Parts): Map<string, unknown> {
  return new Map([...leaves(tables, RUNTIMES), ...settings.map(({ path, value }) => [leafKey(path), value] as const)])
}

/** Tables for values whose table the file does not have; each line is tagged. */
function newTables(settings: Setting[]): string[] {
  const parents = new Map(settings.map(({ path }) => [leafKey(path.slice(0, -1)), path.slice(0, -1)]))
  return [...parents].flatMap(([key, parent]) => {
    const own = settings.filter(({ path }) => leafKey(path.slice(0, -1)) === key)
    const table = Object.fromEntries(own.map(({ path, value }) => [path.at(-1) ?? '', value]))
    return renderTable(parent, table, LINE_TAG)
  })
}

/** The last word before anything is written: the text holds the operator's values and ours, and nothing else. */
function verify(text: string, { left, parts }: { left: Withdrawn; parts: Parts }): void {
  const { config, path } = left
  const expected = new Map([...leaves(config), ...leavesOf(parts)])
  if (isDeepStrictEqual(leavesIfToml(text, path), expected)) return
  throw new KcharmError('unsafe-input', `${path}: its layout leaves no place for kcharm's tables; it was left alone`, {
    hint: `write ${tomlPath(RUNTIMES)} as plain tables, and deploy again`,
  })
}
