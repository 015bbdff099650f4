import { isDeepStrictEqual } from 'node:util'
import { KcharmError } from '../../../lib/errors/index.ts'
import { factsOf, readConfig, type ConfigFacts, type Runtime } from './facts.ts'
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
  const config = parseToml(text, path)
  if (config.version !== 2) {
    throw new KcharmError('unsafe-input', `${path}: is edited in place only with version = 2`, {
      hint: 'containerd 2.x reads drop-ins; a schema that the daemon does not know is refused before',
    })
  }
  const left = withdraw(text, path)
  const whole = factsOf(config, text, { path, daemon: DAEMON })
  refuseForeign(wish, { path, runtimes: foreignPart(whole.runtimes, left) })
  const parts = partsOf(wish, left)
  return saysAlready(config, { left, parts }) ? text : lay(left, parts)
}

/** The handlers that are the operator's, at their lines in the whole file. */
function foreignPart(runtimes: ConfigFacts['runtimes'] = {}, { config }: Withdrawn): Record<string, Runtime> {
  const own = lookup(config, RUNTIMES)
  return Object.fromEntries(Object.entries(runtimes).filter(([name]) => lookup(own, [name]) !== undefined))
}

function partsOf(wish: Wish, left: Withdrawn): Parts {
  const ours = handlerTables(wish)
  const tables = needsRunc(wish, left) ? { runc: { runtime_type: RUNC }, ...ours } : ours
  const draft = wish.systemdCgroup === undefined ? left.text : lay(left, { tables, settings: [] })
  const settings = settingsOf(wish, readConfig(draft, { path: left.path, daemon: DAEMON }))
  return { tables, settings: settings.filter((setting) => lookup(left.config, setting.path) !== setting.value) }
}

/**
 * On 1.x the first declared runtime hides the daemon's own `runc`, so ours bring it along; it stays as long as the
 * operator's later handlers, or half a `runc` (its options alone), lean on it.
 */
function needsRunc(wish: Wish, { config, names }: Withdrawn): boolean {
  if (lookup(config, RUNTIMES) === undefined) return wish.handlers.length > 0 || wish.systemdCgroup !== undefined
  return names.includes('runc') && lookup(config, [...RUNTIMES, 'runc', 'runtime_type']) === undefined
}

function saysAlready(config: Table, { left, parts }: { left: Withdrawn; parts: Parts }): boolean {
  const wanted = leavesOf(parts)
  const written = [...leaves(config)].filter(([key]) => left.keys.some((ours) => key.startsWith(ours)))
  return wanted.size > 0 && isDeepStrictEqual(new Map(written), wanted)
}

/** In place means 1.x: 2.x has drop-ins. */
const DAEMON = '1.7'
