import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { KcharmError } from '../errors/index.ts'
import type { Machine } from '../model/declaration.ts'
import type { Ask } from '../ssh/ask.ts'
import type { Secret } from '../ssh/target.ts'

interface LoginSecrets {
  of(this: void, reference: string): Secret
  prepare(this: void, machines: readonly Machine[]): Promise<void>
}

/**
 * What `env:`, `file:`, `command:` and `ask:` stand for, each found out once. A last line end is no part of it. Errors:
 * `auth`, for a reference that stands for nothing; no message holds a secret.
 */
export function loginSecrets(ask: Ask | undefined): LoginSecrets {
  const known = new Map<string, Promise<string>>()
  const find = (reference: string): Promise<string> => {
    const secret = known.get(reference) ?? read(reference, ask)
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

async function read(reference: string, ask: Ask | undefined): Promise<string> {
  const cut = reference.indexOf(':')
  const kind = reference.slice(0, cut)
  const name = reference.slice(cut + 1)
  const text = (await SOURCES[kind]?.(name, ask))?.replace(/\r?\n$/, '')
  if (text) return text
  throw new KcharmError('auth', `the inventory’s secret ${kind}:${name} stands for nothing here`, {
    hint: HINTS[kind]?.(name) ?? 'expected env:NAME, file:PATH, command:COMMAND or ask',
  })
}

type Source = (name: string, ask: Ask | undefined) => Promise<string | undefined>

const SOURCES: Record<string, Source> = {
  env: (name) => Promise.resolve(process.env[name]),
  file: (path) => readFile(path, 'utf8').catch(() => undefined),
  command: output,
  ask: async (question, ask) => await ask?.(`${question}: `, { hidden: true }),
}

const HINTS: Record<string, (name: string) => string> = {
  env: (name) => `set ${name} where kcharm runs`,
  file: (path) => `write it into ${path} where kcharm runs`,
  command: (command) => `see what this prints where kcharm runs: ${command}`,
  ask: () => 'there is no terminal to ask at: name an env:, file: or command: in the inventory',
}

/** The first line that a command of the user's prints, such as that of a password manager; it may use the terminal. */
function output(command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', command], { timeout: 60_000, encoding: 'utf8' }, (error, stdout) =>
      resolve(error ? undefined : stdout.split('\n')[0]),
    ).stdin?.end()
  })
}
