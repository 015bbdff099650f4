import { readFileSync } from 'node:fs'
import { KcharmError } from '../errors/index.ts'

/**
 * Reads what `env:NAME` and `file:PATH` stand for, once: a plan and its run see the same. A last line end is no part of it.
 * The function throws `invalid-option` for a reference that stands for nothing; no message holds a secret.
 */
export function secretReader(env: NodeJS.ProcessEnv): (reference: string) => string {
  const known = new Map<string, string>()
  return (reference) => {
    const secret = known.get(reference) ?? readSecret(reference, env)
    known.set(reference, secret)
    return secret
  }
}

function readSecret(reference: string, env: NodeJS.ProcessEnv): string {
  const [, kind, name = ''] = /^(env|file):(.+)$/s.exec(reference) ?? []
  if (kind === undefined) throw unreadable('a secret', 'expected env:NAME or file:PATH')
  const found = kind === 'env' ? env[name] : readText(name)
  const secret = found?.replace(/\r?\n$/, '')
  if (secret) return secret
  throw unreadable(
    reference,
    kind === 'env' ? `set ${name} where kcharm runs` : `write it into ${name} where kcharm runs`,
  )
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function unreadable(what: string, hint: string): KcharmError {
  return new KcharmError('invalid-option', `${what} stands for nothing here`, { hint })
}
