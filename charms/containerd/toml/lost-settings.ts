import { isDeepStrictEqual } from 'node:util'
import { isOne } from './facts.ts'
import { CRI_RUNTIME, GRPC_CRI } from './ids.ts'
import { isTable, leafKey, leafPath, leaves, parseToml, saysNothing } from './parse.ts'
import { tomlPath } from './render.ts'
import { isListNow, pathInSchema3 } from './schema-3.ts'

/** What two versions of containerd print of one machine. */
export interface Dumps {
  /** The old one's whole configuration, and what it has when nobody sets anything. */
  before: string
  defaults: string
  /** The new one's. */
  after: string
}

export interface Newer {
  daemon: string
  /** What kcharm sets on it, as paths of its dump: that is not lost but decided. */
  own?: string[][]
}

/**
 * Settings that somebody made and that the new version does not have, as paths of the old one. CRI's are looked for at
 * their place of schema 3; others keep their last word and their value, whatever table a later schema has them in.
 */
export function lostSettings({ before, defaults, after }: Dumps, { daemon, own = [] }: Newer): string[] {
  const usual = leavesOf(defaults)
  const there = leavesOf(after)
  const words = new Set([...there].map(([key, value]) => wordOf(key, value)))
  // where an empty text comes out as what it stands for, a later version may say that
  const isKept = (key: string, value: unknown): boolean => {
    const path = asInSchema2(leafPath(key))
    const to = leafKey(isOne(daemon) ? path : pathInSchema3(path, daemon))
    if (value === '' || own.some((ours) => to.startsWith(leafKey(ours)))) return true
    if (there.has(to)) return isWithin(isListNow(path, daemon) ? [value] : value, there.get(to))
    // a version that has no such setting does not have it on, either
    return saysNothing(value) || (to === key && words.has(wordOf(key, value)))
  }
  return [...leavesOf(before)]
    .filter(([key, value]) => !NOT_SETTINGS.has(key) && !isDeepStrictEqual(usual.get(key), value))
    .filter(([key, value]) => !isKept(key, value))
    .map(([key]) => tomlPath(leafPath(key)))
}

const NOT_SETTINGS = new Set([leafKey(['version']), leafKey(['imports'])])

/** Schema 3 has most of CRI's settings where schema 2 had them, below another plugin. */
function asInSchema2([first = '', plugin = '', ...rest]: string[]): string[] {
  return plugin === CRI_RUNTIME ? [first, GRPC_CRI, ...rest] : plugin === '' ? [first] : [first, plugin, ...rest]
}

function leavesOf(dump: string): Map<string, unknown> {
  return leaves(parseToml(dump, '`containerd config dump`'))
}

/** The same, but for keys of a table in a list that the old version does not know. */
function isWithin(old: unknown, now: unknown): boolean {
  if (Array.isArray(old) && Array.isArray(now)) {
    return old.length === now.length && old.every((each, index) => isWithin(each, now[index]))
  }
  if (!isTable(old) || !isTable(now)) return isDeepStrictEqual(old, now)
  return Object.entries(old).every(([key, value]) => isWithin(value, now[key]))
}

function wordOf(key: string, value: unknown): string {
  return JSON.stringify([leafPath(key).at(-1), value])
}
