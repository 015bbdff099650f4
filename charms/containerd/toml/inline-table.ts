import { RUNTIMES } from './ids.ts'
import { leafKey, type Table } from './parse.ts'
import { tomlPath, tomlValue } from './render.ts'
import { startsWith, statements, type Statement } from './statements.ts'
import { namesTag } from './tags.ts'
import { cutAll, type Cut } from './text-cut.ts'

/** Whether the runtimes stand in an inline table: it is closed, so no `[table]` can add to it. */
export function isInline(text: string): boolean {
  return innermost(text, statements(text)) !== undefined
}

/** The handlers added inside the innermost inline table; the end of the line says which ones are kcharm's. */
export function insertInline(text: string, tables: Table): string {
  const all = statements(text)
  const holder = innermost(text, all)
  const line = all.findLast(({ kind, start }) => kind === 'pair' && holder !== undefined && start <= holder.start)
  if (!holder || !line) return text
  const last = all.findLast(({ kind, table }) => kind === 'inner' && table === holder.path)
  const place = last?.end ?? holder.value + 1
  const added = Object.entries(tables).map(([name, table]) => {
    const key = tomlPath([...RUNTIMES.slice(holder.path.length), name])
    return `${key} = ${tomlValue(table)}`
  })
  return cutAll(text, [
    { start: place, end: place, put: (last ? ', ' : ' ') + added.join(', ') },
    { start: line.end, end: line.end, put: namesTag(Object.keys(tables)) },
  ])
}

/** What takes those handlers out again, wherever in the inline tables of a pair they stand now. */
export function withdrawInline(
  all: readonly Statement[],
  { holder, names }: { holder: Statement; names: readonly string[] },
): { ours: Statement[]; cuts: Cut[] } {
  const inner = all.filter(({ kind, start, end }) => kind === 'inner' && start > holder.value && end < holder.end)
  const ours = inner.filter(({ path }) => names.some((name) => leafKey(path) === leafKey([...RUNTIMES, name])))
  const cuts = ours.map((pair) => cutPair(pair, { ours, siblings: inner.filter(({ table }) => table === pair.table) }))
  return { ours, cuts }
}

/** A pair with the comma that joins it to what stays; with the blank before it when nothing stays. */
function cutPair(pair: Statement, { ours, siblings }: { ours: Statement[]; siblings: Statement[] }): Cut {
  const index = siblings.indexOf(pair)
  const before = siblings[index - 1]
  const after = siblings[index + 1]
  const stays = (sibling: Statement) => !ours.includes(sibling)
  if (after && !siblings.slice(0, index).some(stays) && siblings.slice(index).some(stays)) {
    return { start: pair.start, end: after.start }
  }
  return { start: before?.end ?? pair.start - 1, end: pair.end }
}

function innermost(text: string, all: readonly Statement[]): Statement | undefined {
  return all.findLast(
    ({ kind, value, path }) => kind !== 'comment' && text[value] === '{' && startsWith(RUNTIMES, path),
  )
}
