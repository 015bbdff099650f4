import { KcharmError } from '../errors/index.ts'
import type { Machine } from '../model/declaration.ts'
import type { Ask } from '../ssh/ask.ts'
import type { Secret } from '../ssh/target.ts'
import type { RunTime } from './run-time.ts'
import { parsedReference, sourcesWith, withoutLineEnd } from './secret-sources.ts'

interface LoginSecrets {
  of(this: void, reference: string): Secret
  prepare(this: void, machines: readonly Machine[]): Promise<void>
}

/**
 * What `env:`, `file:`, `command:` and `ask:` stand for, each found out once. A last line end is no part of it. Errors:
 * `auth`, for a reference that stands for nothing; no message holds a secret.
 */
export function loginSecrets(ask: Ask | undefined, time?: RunTime): LoginSecrets {
  const known = new Map<string, Promise<string>>()
  const find = (reference: string): Promise<string> => {
    const secret = known.get(reference) ?? read(reference, ask, time)
    known.set(reference, secret)
    return secret
  }
  return {
    of: (reference) => () => find(reference),
    async prepare(machines) {
      const references = machines.flatMap(({ password, sudoPassword }) => [password, sudoPassword])
      for (const reference of new Set(references)) if (reference !== undefined) await find(reference)
    },
  }
}

async function read(reference: string, ask: Ask | undefined, time: RunTime | undefined): Promise<string> {
  const { kind, name } = parsedReference(reference) ?? {}
  const source = kind && sourcesWith(ask, process.env, time)[kind]
  const text = name === undefined ? undefined : withoutLineEnd(await source?.read(name))
  // A password manager may print more below the password.
  const secret = kind === 'command' ? text?.split('\n')[0] : text
  if (secret) return secret
  throw new KcharmError('auth', `the inventory’s secret ${reference} stands for nothing here`, {
    hint: source?.hint(name ?? '') ?? 'expected env:NAME, file:PATH, command:COMMAND or ask',
  })
}
