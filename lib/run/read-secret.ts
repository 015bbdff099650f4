import { KcharmError } from '../errors/index.ts'
import type { Ask } from '../ssh/ask.ts'
import type { RunTime } from './run-time.ts'
import { parsedReference, sourcesWith, withoutLineEnd } from './secret-sources.ts'

/** What a reference in an option stands for. */
export interface OptionSecrets {
  (reference: string): string
  /** Runs the commands and asks the questions among them; before the first connection. */
  prepare(this: void, references: readonly string[]): Promise<void>
}

/**
 * Reads each reference once: a plan and its run see the same. A last line end is no part of it. `env:` and `file:` are read
 * when they are needed. A command or a question is for `prepare` alone: a reference that a machine brought, in the record of
 * a lost model, runs nothing here. Both throw `invalid-option` for one that stands for nothing; no message holds a secret.
 */
export function secretReader(env: NodeJS.ProcessEnv, ask?: Ask, time?: RunTime): OptionSecrets {
  const known = new Map<string, string>()
  const sources = sourcesWith(ask, env, time)
  const keep = (reference: string, text: string | undefined, hint: string): string => {
    const secret = withoutLineEnd(text)
    if (!secret) throw unreadable(reference, hint)
    known.set(reference, secret)
    return secret
  }
  const read = (reference: string): string => {
    const already = known.get(reference)
    if (already !== undefined) return already
    const { kind, name } = parsedReference(reference) ?? {}
    if (kind === undefined || name === undefined) throw unreadable('a secret', 'expected env:NAME or file:PATH')
    const text = kind === 'env' || kind === 'file' ? sources[kind].read(name) : undefined
    if (typeof text === 'string') return keep(reference, text, sources[kind].hint(name))
    throw unreadable(reference, kind === 'env' || kind === 'file' ? sources[kind].hint(name) : UNPREPARED)
  }
  const prepare = async (references: readonly string[]): Promise<void> => {
    for (const reference of references) {
      const { kind, name = '' } = parsedReference(reference) ?? {}
      if ((kind !== 'command' && kind !== 'ask') || known.has(reference)) continue
      keep(reference, await sources[kind].read(name), sources[kind].hint(name))
    }
  }
  return Object.assign(read, { prepare })
}

const UNPREPARED = 'it came from the record on a machine; deploy the bundle that names it, or set the option again'

function unreadable(what: string, hint: string): KcharmError {
  return new KcharmError('invalid-option', `${what} stands for nothing here`, { hint })
}
