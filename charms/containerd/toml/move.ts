import { isDeepStrictEqual } from 'node:util'
import { KcharmError } from '../../../lib/errors/index.ts'
import { groupBy } from '../../../lib/model/group-by.ts'
import { CRI_IMAGES, CRI_RUNTIME } from './ids.ts'
import { leafKey, leafPath, leaves, leavesIfToml, lookup, parseToml, saysNothing } from './parse.ts'
import { renamePlugin } from './plugin-name.ts'
import { tomlPath } from './render.ts'
import { isGone, isListNow, pathInSchema3 } from './schema-3.ts'
import { lineOf, startsWith, statements, type Statement } from './statements.ts'
import { tagOf, wasTag } from './tags.ts'
import { cutAll, eolOf, type Cut, wholeLines } from './text-cut.ts'

/** What a file of schema 2 becomes. */
export interface Move {
  text: string
  /** Settings that no containerd 2 has, as paths in the file before. */
  gone: string[]
}

/** Two places to write in: the statement's own, or a table at the end of the file. */
interface Piece {
  cuts: Cut[]
  /** The table's path, and the line that goes into it. */
  late?: { table: string[]; line: string }
}

/**
 * A file of schema 2 for schema 3, which every containerd 2 reads: CRI's settings go to the plugins that have them there. Comments,
 * order, quoting and line ends stay; a setting that leaves its table's plugin goes to the end of the file. Other schemas are
 * given back as they are. Throws `unsafe-input` with its line for what cannot be moved without guessing.
 */
export function moveToSchema3(text: string, { path, daemon }: { path: string; daemon: string }): Move {
  const config = parseToml(text, path)
  if (config.version !== 2) return { text, gone: [] }
  const all = statements(text)
  const before = leaves(config)
  if ([CRI_RUNTIME, CRI_IMAGES].some((name) => lookup(config, ['plugins', name]))) throw mixed(path)
  const pieces = all.map((each) => movedStatement(text, { each, all, path, daemon }))
  const late = pieces.flatMap((piece) => piece.late ?? [])
  refuseReopened(all, { late, path, daemon })
  const moved = withTables(
    cutAll(
      text,
      pieces.flatMap(({ cuts }) => cuts),
    ),
    late,
  )
  verify(moved, { before, path, daemon })
  const said = [...before].filter(([, value]) => !saysNothing(value)).map(([key]) => leafPath(key))
  return { text: moved, gone: said.filter(isGone).map(tomlPath) }
}

/** Whether `moveToSchema3` has written this text, which is TOML: its version line says so. */
export function isMoved(text: string): boolean {
  if (!text.includes('# kcharm, was ')) return false
  const version = statements(text).find(isVersion)
  return version !== undefined && text.slice(version.value, version.end) === '3' && tagOf(text, version)?.kind === 'was'
}

function isVersion({ kind, path }: Statement): boolean {
  return kind === 'pair' && leafKey(path) === leafKey(['version'])
}

type Given = { each: Statement; all: Statement[]; path: string; daemon: string }

function movedStatement(text: string, given: Given): Piece {
  const { each, daemon } = given
  if (each.kind === 'header') return { cuts: renamed(text, given, pathInSchema3(each.path, daemon)) }
  if (each.kind !== 'pair') return { cuts: [] }
  return isVersion(each) ? { cuts: [versionCut(text, each)] } : movedPair(text, given)
}

/** A tag that is there tells what the file was in the beginning; one that tells nothing gives way. */
function versionCut(text: string, { value, end, ...rest }: Statement): Cut {
  const tag = tagOf(text, { value, end, ...rest })
  if (tag?.kind === 'was') return { start: value, end, put: '3' }
  return { start: value, end: tag?.end ?? end, put: `3${wasTag('2')}` }
}

/** Throws where the plugin's name is written in a way that only a parser finds. */
function renamed(text: string, { each, path }: Given, to: string[]): Cut[] {
  if (to[1] === each.path[1] || (each.kind === 'pair' && each.table.length > 1)) return []
  const cuts = renamePlugin(text, each, to[1] ?? '')
  if (cuts.length === 0) throw noPlace(`${path}:${lineOf(text, each.start)}`)
  return cuts
}

function movedPair(text: string, given: Given): Piece {
  const { each, daemon } = given
  refuseTorn(text, given)
  const to = pathInSchema3(each.path, daemon)
  const table = pathInSchema3(each.table, daemon)
  if (!startsWith(to, table)) return movedLine(text, { each, to, daemon })
  const sameKey = leafKey(to.slice(2)) === leafKey(each.path.slice(2))
  if (sameKey) return { cuts: renamed(text, given, to) }
  const put = `${tomlPath(to.slice(table.length))} = ${valueFor(text, each, daemon)}`
  return { cuts: [{ start: each.start, end: each.end, put }] }
}

/** The line goes, with a comment behind it, to a table of its own. */
function movedLine(text: string, { each, to, daemon }: { each: Statement; to: string[]; daemon: string }): Piece {
  const cut = wholeLines(text, each)
  const rest = text.slice(each.end, cut.end).trimEnd()
  const line = `${tomlPath(to.slice(-1))} = ${valueFor(text, each, daemon)}${rest}`
  return { cuts: [cut], late: { table: to.slice(0, -1), line } }
}

function valueFor(text: string, { path, value, end }: Statement, daemon: string): string {
  const raw = text.slice(value, end)
  return isListNow(path, daemon) ? `[${raw}]` : raw
}

/** A table of one line whose settings would belong to different plugins. */
function refuseTorn(text: string, { each, all, path, daemon }: Given): void {
  const to = pathInSchema3(each.path, daemon)
  const inner = all.filter(({ kind, start, end }) => kind === 'inner' && start > each.start && end < each.end)
  const torn = inner.find((one) => leafKey(pathInSchema3(one.path, daemon)) !== leafKey([...to, ...below(one, each)]))
  if (torn) throw inOneLine(`${path}:${lineOf(text, torn.start)}`, torn)
}

function below(inner: Statement, holder: Statement): string[] {
  return inner.path.slice(holder.path.length)
}

function inOneLine(place: string, { path }: Statement): KcharmError {
  return new KcharmError('unsafe-input', `${place}: ${tomlPath(path)} stands in a table of one line`, {
    hint: 'in schema 3 it belongs to another plugin: give its table a [header] of its own, and deploy again',
  })
}

/** The text with these lines in tables of their own at its end. */
function withTables(text: string, late: { table: string[]; line: string }[]): string {
  if (late.length === 0) return text
  const eol = eolOf(text)
  const tables = groupBy(late, ({ table }) => tomlPath(table))
  const lines = [...tables].flatMap(([table, own]) => ['', `[${table}]`, ...own.map(({ line }) => `  ${line}`)])
  const padded = text === '' || text.endsWith('\n') ? text : text + eol
  return padded + lines.map((line) => line + eol).join('')
}

/** The last word: each value at its place of schema 3, and nothing else. */
function verify(
  text: string,
  { before, path, daemon }: { before: Map<string, unknown>; path: string; daemon: string },
): void {
  const expected = [...before].map(([key, value]): [string, unknown] => {
    const from = leafPath(key)
    return [leafKey(pathInSchema3(from, daemon)), isListNow(from, daemon) ? [value] : value]
  })
  const wanted = new Map([...expected, [leafKey(['version']), 3]])
  if (wanted.size === before.size && isDeepStrictEqual(leavesIfToml(text, path), wanted)) return
  throw noPlace(path)
}

function noPlace(place: string): KcharmError {
  return new KcharmError('unsafe-input', `${place}: this layout leaves no place for the names of schema 3`, {
    hint: 'write it for `version = 3` by hand, and deploy again',
  })
}

/** TOML opens no table by a [header] that dotted keys have made; not every parser says so. */
function refuseReopened(
  all: Statement[],
  { late, path, daemon }: { late: { table: string[] }[]; path: string; daemon: string },
): void {
  const made = all.filter(({ kind }) => kind === 'pair').flatMap((pair) => tablesMadeBy(pair, daemon))
  if (late.some(({ table }) => made.includes(leafKey(table)))) throw noPlace(path)
}

function tablesMadeBy({ path, table }: Statement, daemon: string): string[] {
  const [to, home] = [path, table].map((each) => pathInSchema3(each, daemon)) as [string[], string[]]
  if (!startsWith(to, home)) return []
  const between = to.slice(home.length + 1)
  return between.map((_, i) => leafKey(to.slice(0, home.length + 1 + i)))
}

/** Some of it sleeps under a containerd 1, and a containerd 2 takes one half or the other. */
function mixed(path: string): KcharmError {
  return new KcharmError(
    'unsafe-input',
    `${path}: has settings of CRI under the names of schema 2 and of a later one`,
    {
      hint: 'bring them together under one name by hand, and deploy again',
    },
  )
}
