import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Ask } from '../ssh/ask.ts'
import { DEADLINES } from './deadlines.ts'
import { ENDLESS } from './run-time.ts'

/** Where secrets are found, here where kcharm runs. Nothing: there is none. */
export interface Source {
  read(name: string): string | undefined | Promise<string | undefined>
  hint(name: string): string
}

export type Kind = 'env' | 'file' | 'command' | 'ask'

export function sourcesWith(ask: Ask | undefined, env: NodeJS.ProcessEnv, time = ENDLESS): Record<Kind, Source> {
  const seconds = (): number => time.within(DEADLINES.secret)
  return {
    env: { read: (name) => env[name], hint: (name) => `set ${name} where kcharm runs` },
    file: { read: readText, hint: (path) => `write it into ${path} where kcharm runs` },
    command: {
      read: (command) => output(command, seconds()),
      hint: (command) => `see what this prints where kcharm runs, within ${DEADLINES.secret} s: ${command}`,
    },
    ask: {
      read: (question) => ask?.(`${question}: `, { hidden: true }),
      hint: () => 'there is no terminal to ask at: name an env:, file: or command: instead',
    },
  }
}

/** `kind:name`; another text is no reference, and may be a secret. */
export function parsedReference(reference: string): { kind: Kind; name: string } | undefined {
  const [, kind, name = ''] = /^(env|file|command|ask):(.+)$/s.exec(reference) ?? []
  return kind === undefined ? undefined : { kind: kind as Kind, name }
}

/** A last line end is no part of a secret. */
export function withoutLineEnd(text: string | undefined): string | undefined {
  return text?.replace(/\r?\n$/, '')
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * What a command of the user's prints, such as that of a password manager; it may use the terminal. One that hangs is not waited
 * for, nor what it has started, which may keep its output open.
 */
function output(command: string, seconds: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile('/bin/sh', ['-c', command], { encoding: 'utf8' }, (error, stdout) => {
      clearTimeout(timer)
      resolve(error ? undefined : stdout)
    })
    const timer = setTimeout(() => {
      child.kill()
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(undefined)
    }, seconds * 1000)
    child.stdin?.end()
  })
}
