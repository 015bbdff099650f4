import { parse } from '@iarna/toml'
import { KcharmError } from '../../lib/errors/index.ts'
import { tomlScalar } from '../../lib/model/toml-text.ts'
import { remembered } from '../../lib/model/memo.ts'

export type Scalar = string | number | boolean
export type Leaf = Scalar | Scalar[]
/** Values by their full key, table and key joined by dots: `hypervisor.qemu.default_memory`. */
export type Leaves = Record<string, Leaf>

/** The values that a configuration gives. Throws `unsafe-input` for what is not TOML. */
export function readLeaves(text: string, path: string): Leaves {
  return read({ text, path })
}

const read = remembered(({ text, path }: { text: string; path: string }): Leaves => {
  try {
    return Object.fromEntries(leavesBelow(parse(text), ''))
  } catch (thrown) {
    const what = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : String(thrown)
    throw new KcharmError('unsafe-input', `${path} is not valid TOML: ${what}`, {
      hint: 'take the archive of a release, unpacked as it is',
    })
  }
})

/** Full keys that the shipped file explains but leaves out: lines such as `#enable_debug = true` below a table's header. */
export function commentedKeys(text: string): string[] {
  let table = ''
  return text.split('\n').flatMap((line) => {
    table = /^\s*\[([^[\]]+)\]\s*$/.exec(line)?.[1] ?? table
    const key = /^\s*#\s?([a-z][a-z0-9_]*)\s*=/.exec(line)?.[1]
    return key === undefined || table === '' ? [] : [`${table}.${key}`]
  })
}

/** One table after the other, in the order given. */
export function renderLeaves(leaves: Leaves): string {
  const tables = new Map<string, string[]>()
  for (const [key, value] of Object.entries(leaves)) {
    const [table, name] = split(key)
    tables.set(table, [...(tables.get(table) ?? []), `${name} = ${renderLeaf(value)}`])
  }
  return [...tables].map(([table, lines]) => `[${table}]\n${lines.join('\n')}\n`).join('\n')
}

/** The text with these values, each in its own line, or below its table's header where it has none. */
export function setLeaves(text: string, leaves: Leaves): string {
  return Object.entries(leaves).reduce((so, [key, value]) => setLeaf(so, key, value), text)
}

/** Values are written on one line in the shipped files. */
function setLeaf(text: string, key: string, value: Leaf): string {
  const [table, name] = split(key)
  const lines = text.split('\n')
  const header = lines.findIndex((line) => line.trim() === `[${table}]`)
  const line = `${name} = ${renderLeaf(value)}`
  if (header < 0) return `${text.trimEnd()}\n\n[${table}]\n${line}\n`
  const next = lines.findIndex((each, index) => index > header && /^\s*\[/.test(each))
  const end = next < 0 ? lines.length : next
  const at = lines.findIndex(
    (each, index) => index > header && index < end && new RegExp(`^\\s*${name}\\s*=`).test(each),
  )
  return (at < 0 ? lines.toSpliced(header + 1, 0, line) : lines.toSpliced(at, 1, line)).join('\n')
}

function leavesBelow(value: unknown, key: string): [string, Leaf][] {
  if (Array.isArray(value)) return [[key, value.filter(isScalar)]]
  if (isScalar(value)) return [[key, value]]
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([name, inner]) => leavesBelow(inner, key === '' ? name : `${key}.${name}`))
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function renderLeaf(value: Leaf): string {
  return Array.isArray(value) ? `[${value.map((each) => tomlScalar(each)).join(', ')}]` : tomlScalar(value)
}

function split(key: string): [string, string] {
  const dot = key.lastIndexOf('.')
  return [key.slice(0, dot), key.slice(dot + 1)]
}
