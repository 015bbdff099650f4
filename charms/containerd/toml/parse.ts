import { parse } from '@iarna/toml'
import { KcharmError } from '../../../lib/errors/index.ts'

export type Table = Record<string, unknown>

/** The parsed text. Throws `unsafe-input` with `path:line:column` (both from 1) for what is not TOML. */
export function parseToml(text: string, path: string): Table {
  const readable = parserText(text)
  try {
    return parse(readable)
  } catch (thrown) {
    const fault = readFault(thrown)
    if (fault === undefined) throw thrown
    const { line, column, what } = fault
    throw new KcharmError('unsafe-input', `${path}:${line}:${column}: not valid TOML: ${what}`, {
      hint: 'the file was left alone; containerd cannot read it either: mend that line',
    })
  }

  function readFault(thrown: unknown) {
    if (!(thrown instanceof Error) || !isTable(thrown) || typeof thrown.line !== 'number') return undefined
    const what = thrown.message.replace(/ at row[\s\S]*/, '')
    const line = thrown.line + 1
    return { line, column: columnOf(thrown.col, what, readable.split('\n')[thrown.line] ?? ''), what }
  }
}

/** A second definition is reported where it ends; people look for where it starts. */
function columnOf(col: unknown, what: string, line: string): number {
  if (what.startsWith("Can't redefine")) return line.search(/\S/) + 1
  return typeof col === 'number' ? col + 1 : 1
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

/** All values that are not tables, by their key path as JSON without its closing bracket, so a prefix is an ancestor. */
export function leaves(value: unknown, path: readonly string[] = []): Map<string, unknown> {
  if (!isTable(value)) return new Map([[leafKey(path), value]])
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, [...path, key])]))
}

export function leafKey(path: readonly string[]): string {
  return JSON.stringify(path).slice(0, -1)
}
