import { parse } from '@iarna/toml'

export interface Statement {
  /** `inner` is a pair inside an inline table. */
  kind: 'header' | 'pair' | 'inner' | 'comment'
  /** Absolute; empty for a comment. */
  path: string[]
  /** The header or inline table that a pair stands in; a header's own path. */
  table: string[]
  /** Offsets of the statement itself: without indentation, comment and line end. */
  start: number
  end: number
  /** Where a pair's value starts; else `end`. */
  value: number
}

/**
 * All statements in their order, an inline table's pairs after the pair that holds them.
 * For text that `parseToml` accepted: this finds places and judges nothing.
 */
export function statements(text: string): Statement[] {
  const found: Statement[] = []
  let table: string[] = []
  for (let at = skip(text, 0); at < text.length;) {
    const here =
      text[at] === '#' ? [readComment(text, at)] : text[at] === '[' ? [readHeader(text, at)] : readPair(text, at, table)
    const [first] = here
    if (first === undefined) break
    if (first.kind === 'header') table = first.path
    found.push(...here)
    at = skip(text, first.end)
  }
  return found
}

export function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((key, index) => path[index] === key)
}

/** From 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** The offset after the value that starts at `at`. */
export function valueEnd(text: string, at: number): number {
  let depth = 0
  for (let end = at; end < text.length;) {
    if ('[{'.includes(text[end] ?? '')) depth++
    if (']}'.includes(text[end] ?? '')) depth--
    end = match(TOKEN, text, end)
    if (depth === 0) return end
  }
  return text.length
}

function readComment(text: string, start: number): Statement {
  const end = match(COMMENT, text, start)
  return { kind: 'comment', path: [], table: [], start, end, value: end }
}

function readHeader(text: string, start: number): Statement {
  const brackets = text[start + 1] === '[' ? 2 : 1
  const { path, end: last } = readKey(text, start + brackets)
  const end = skip(text, last) + brackets
  return { kind: 'header', path, table: path, start, end, value: end }
}

function readPair(text: string, start: number, table: string[], kind: 'pair' | 'inner' = 'pair'): Statement[] {
  const key = readKey(text, start)
  const value = skip(text, skip(text, key.end) + 1)
  const end = valueEnd(text, value)
  const path = [...table, ...key.path]
  const found: Statement[] = [{ kind, path, table, start, end, value }]
  if (text[value] !== '{') return found
  for (let at = skip(text, value + 1); at < end - 1;) {
    const inner = readPair(text, at, path, 'inner')
    found.push(...inner)
    at = skip(text, inner[0]?.end ?? end)
  }
  return found
}

function readKey(text: string, start: number): { path: string[]; end: number } {
  const path: string[] = []
  for (let at = skip(text, start); ; at = skip(text, at + 1)) {
    const end = match(KEY, text, at)
    path.push(unquoted(text.slice(at, end)))
    at = skip(text, end)
    if (text[at] !== '.') return { path, end }
  }
}

function unquoted(key: string): string {
  if (!/^["']/.test(key)) return key
  return key.includes('\\') ? (Object.keys(parse(`${key} = 0`))[0] ?? '') : key.slice(1, -1)
}

/** Blanks, line ends, commas between the pairs of an inline table, a byte order mark. */
function skip(text: string, at: number): number {
  return match(BLANK, text, at)
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return at + (pattern.exec(text)?.[0].length ?? 0)
}

const BLANK = /[\s,]*/y
const KEY = /"(?:\\.|[^"\\])*"|'[^']*'|[\w-]+/y
const COMMENT = /#[^\r\n]*/y
const TOKEN = new RegExp(
  [
    /"""(?:\\[^]|[^\\])*?"""+/,
    /'''[^]*?'''+/,
    /"(?:\\.|[^"\\])*"/,
    /'[^']*'/,
    /#[^\r\n]*/,
    /[[\]{}]/,
    /\d{4}-\d\d-\d\d \d\d:[^\s,#\]}]+/,
    /[^\s"'#[\]{},=]+/,
    /[\s,=]+/,
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
)
