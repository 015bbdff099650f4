import type { ExecRun } from '../run/exec.ts'
import { errorJson } from './error-text.ts'
import { maskText } from './mask.ts'
import { harmless, type Paint, plain } from './terminal-text.ts'

/** What each machine said, under its name. */
export function renderExec(runs: ExecRun[], paint: Paint = plain): string {
  return runs
    .map(({ machine, status, stdout = '', stderr = '', error }) => {
      const state = error ? paint.bad(error.code) : status === 0 ? paint.good('0') : paint.bad(String(status))
      const words = error ? `${error.message}\n` : `${ended(stdout)}${ended(stderr)}`
      return `${paint.strong(machine)}: ${state}\n${harmless(maskText(words)).replace(/^(?=.)/gm, '  ')}`
    })
    .join('')
}

export function execJson(runs: ExecRun[]): object {
  return runs.map(({ error, ...run }) => ({ ...run, ...(error ? errorJson(error) : {}) }))
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
