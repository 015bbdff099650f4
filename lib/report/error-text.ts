import type { KcharmError } from '../errors/index.ts'
import { maskText } from './mask.ts'
import { harmless, oneLine, type Paint, plain } from './terminal-text.ts'

/** What failed, where, all faults, and what to do. No stack: the fault is not in the code (or `--debug` shows it). */
export function renderError({ message, detail }: KcharmError, paint: Paint = plain): string {
  const where = [detail.unit, detail.machine, detail.step].filter(
    (each) => each !== undefined && !message.includes(each),
  )
  const lines = [
    `${paint.bad('error:')} ${safe(message)}`,
    ...(where.length > 0 ? [`  ${oneLine(where.join(' / '))}`] : []),
    ...(detail.faults ?? []).map((fault) => `  ${oneLine(maskText(fault))}`),
    ...(detail.hint ? [`  ${paint.dim('hint:')} ${safe(detail.hint)}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** The same for programs. */
export function errorJson({ code, exit, message, detail }: KcharmError): object {
  const { hint, unit, machine, step, faults } = detail
  const known = Object.entries({ hint, unit, machine, step, faults: faults?.map(maskText) })
  const given = Object.fromEntries(known.filter(([, value]) => value !== undefined))
  return { error: { code, exit, message: maskText(message), ...given } }
}

function safe(text: string): string {
  return harmless(maskText(text)).replaceAll('\n', '\n  ')
}
