import { stringify } from 'yaml'
import type { KcharmError } from '../errors/index.ts'
import type { ActionAnswer } from '../lifecycle/action.ts'
import { maskText, maskValue } from './mask.ts'
import { oneLine, type Paint, plain } from './terminal-text.ts'

interface Run {
  unit: string
  machine: string
  answer?: ActionAnswer
  error?: KcharmError
}

/** What each unit answered, one after the other. */
export function renderActions(runs: Run[], paint: Paint = plain): string {
  return runs.map((run) => `${headOf(run, paint)}\n${bodyOf(run)}`).join('')
}

export function actionsJson(runs: Run[]): object {
  return {
    units: runs.map(({ unit, machine, answer, error }) => ({
      unit,
      machine,
      ok: answer?.ok ?? false,
      ...(answer ? { result: maskValue(answer.result) } : {}),
      ...(answer?.says === undefined ? {} : { says: maskText(answer.says) }),
      ...(error ? { error: { code: error.code, message: maskText(error.message), hint: error.detail.hint } } : {}),
    })),
  }
}

function headOf({ unit, machine, answer, error }: Run, paint: Paint): string {
  const words = error?.message ?? answer?.says ?? (answer?.ok ? 'ok' : 'no')
  const hint = error?.detail.hint === undefined ? '' : `\n  hint: ${error.detail.hint}`
  const dress = answer?.ok ? paint.good : paint.bad
  return `${paint.strong(unit)} on ${machine}: ${dress(oneLine(maskText(words)))}${hint}`
}

function bodyOf({ answer }: Run): string {
  if (answer === undefined || answer.result === null) return ''
  const text = stringify(maskValue(answer.result), { lineWidth: 0 }).trimEnd()
  return text
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('')
}
