import { isDeepStrictEqual } from 'node:util'
import { KcharmError } from '../../../lib/errors/index.ts'
import { readConfig, type ConfigFacts } from './facts.ts'
import { RUNTIMES } from './ids.ts'
import { lay, leavesOf, type Parts } from './lay.ts'
import { leaves, lookup, parseToml, type Table } from './parse.ts'
import { handlerTables, refuseForeign, RUNC, settingsOf, type Wish } from './wish.ts'
import { withdraw, type Withdrawn } from './withdraw.ts'

/**
 * The schema 2 file of a 1.x daemon with this wish in it and nothing else of kcharm's. The operator's part stays
 * byte for byte, an empty wish gives it back alone, and a file that says it all already is not touched.
 * Throws `unsafe-input` with its line for what cannot be edited without guessing.
 */
export function editConfig(text: string, wish: Wish, { path }: { path: string }): string {
  const whole = readConfig(text, { path, daemon: DAEMON })
  if (whole.schema !== 2) {
    throw new KcharmError('unsafe-input', `${path}: is edited in place only with version = 2`, {
      hint: 'containerd 2.x reads drop-ins; a schema that the daemon does not know is refused before',
    })
  }
  const left = withdraw(text, path)
  refuseForeign(wish, foreignPart(whole, left))
  const parts = partsOf(wish, { left, path })
  return saysAlready(text, { left, parts, path }) ? text : lay(left, { parts, path })
}

/** The handlers that are the operator's, at their lines in the whole file. */
function foreignPart(whole: ConfigFacts, left: Withdrawn): ConfigFacts {
  const own = lookup(parseToml(left.text, whole.path), RUNTIMES)
  const foreign = Object.entries(whole.runtimes ?? {}).filter(([name]) => lookup(own, [name]) !== undefined)
  return { ...whole, runtimes: Object.fromEntries(foreign) }
}

function partsOf(wish: Wish, { left, path }: { left: Withdrawn; path: string }): Parts {
  const own = parseToml(left.text, path)
  const ours = handlerTables(wish)
  const tables = needsRunc(own, { left, wish }) ? { runc: { runtime_type: RUNC }, ...ours } : ours
  const draft = lay(left, { parts: { tables, settings: [] }, path })
  const settings = settingsOf(wish, readConfig(draft, { path, daemon: DAEMON }))
  return { tables, settings: settings.filter((setting) => lookup(own, setting.path) !== setting.value) }
}

/**
 * On 1.x the first declared runtime hides the daemon's own `runc`, so ours bring it along; it stays as long as the
 * operator's later handlers, or half a `runc` (its options alone), lean on it.
 */
function needsRunc(own: Table, { left, wish }: { left: Withdrawn; wish: Wish }): boolean {
  if (lookup(own, RUNTIMES) === undefined) return wish.handlers.length > 0 || wish.systemdCgroup !== undefined
  return left.names.includes('runc') && lookup(own, [...RUNTIMES, 'runc', 'runtime_type']) === undefined
}

function saysAlready(text: string, { left, parts, path }: { left: Withdrawn; parts: Parts; path: string }): boolean {
  const wanted = leavesOf(parts)
  const all = [...leaves(parseToml(text, path))]
  const written = all.filter(([key]) => left.keys.some((ours) => key.startsWith(ours)))
  return wanted.size > 0 && isDeepStrictEqual(new Map(written), wanted)
}

/** In place means 1.x: 2.x has drop-ins. */
const DAEMON = '1.7'
