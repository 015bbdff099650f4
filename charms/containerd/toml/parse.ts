import { parse } from '@iarna/toml'
import { KcharmError } from '../../../lib/errors/index.ts'
import { remembered } from '../../../lib/model/memo.ts'

export type Table = Record<string, unknown>

/**
 * The parsed text, not to be changed: who asks again gets the same. Throws `unsafe-input` with `path:line:column` (both from
 * 1) for what is not TOML.
 */
export function parseToml(text: string, path: string): Table {
  const readable = parserText(text)
  try {
    return parsed(readable)
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('pos' in thrown) || typeof thrown.pos !== 'number') throw thrown
    const what = thrown.message.replace(/ at row[^]*/, '')
    throw new KcharmError('unsafe-input', `${path}:${placeOf(readable, thrown.pos, what)}: not valid TOML: ${what}`, {
      hint: 'the file was left alone; containerd cannot read it either: mend that line',
    })
  }
}

const parsed = remembered((text: string): Table => parse(text), 16)

/** The parser's position counts from 1; a second definition is reported where it ends, people look where it starts. */
function placeOf(text: string, pos: number, what: string): string {
  const lines = text.slice(0, pos - 1).split('\n')
  const column = what.startsWith("Can't redefine") ? lines.at(-1)?.search(/\S/) : lines.at(-1)?.length
  return `${lines.length}:${(column ?? 0) + 1}`
}

/** @iarna/toml 3.0.0 throws on a byte order mark, on CRLF after a comment and on a line after a local time. */
function parserText(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .replace(/(=[ \t]*)(\d\d:\d\d:\d\d(?:\.\d+)?)(?=[ \t]*(?:#.*)?$)/gm, '$1"$2"')
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** The value at a key path, or nothing. */
export function lookup(table: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isTable(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    table,
  )
}

/** All values that are not tables, by their `leafKey`. */
export function leaves(value: unknown, path: readonly string[] = []): Map<string, unknown> {
  const found = new Map<string, unknown>()
  collect(value, leafKey(path), found)
  return found
}

function collect(value: unknown, key: string, found: Map<string, unknown>): void {
  if (!isTable(value)) {
    found.set(key, value)
    return
  }
  const next = key === leafKey([]) ? key : `${key},`
  for (const [name, inner] of Object.entries(value)) collect(inner, next + JSON.stringify(name), found)
}

/** A key path as JSON without its closing bracket, so that an ancestor's is a prefix. */
export function leafKey(path: readonly string[]): string {
  return JSON.stringify(path).slice(0, -1)
}

/** A value that is what a setting is when nobody sets it: empty, zero, off. */
export function saysNothing(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0)
}

/** `leafKey`'s path. */
export function leafPath(key: string): string[] {
  return JSON.parse(`${key}]`) as string[]
}

/** The leaves of a text, or nothing where it is not TOML. */
export function leavesIfToml(text: string, path: string): Map<string, unknown> | undefined {
  try {
    return leaves(parseToml(text, path))
  } catch {
    return undefined
  }
}
