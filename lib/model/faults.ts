import { KcharmError, type Code } from '../errors/index.ts'
import { nearest } from './near-miss.ts'

export type Path = readonly PropertyKey[]

/** Something wrong in what a user wrote, before it is known where in a file that stands. */
export interface Problem {
  path: Path
  /** The key is wrong rather than its value. */
  atKey?: boolean
  what: string
  /** `expected …`, or the sentence of a charm's own check. Absent: one of `meant.among` is expected. */
  says?: string
  /** What was written in place of one of these. Texts and suggestions are made only for faults that are shown. */
  meant?: { word: string; among: readonly string[] }
}

/** `what (path): expected …; did you mean "…"?`, on one line whatever the input holds. */
export function problemText({ path, what, says, meant }: Problem): string {
  const place = path.length === 0 ? '' : ` (${pathText(path)})`
  const expected = says ?? (meant && oneOf(meant.among))
  const near = meant && nearest(meant.word, meant.among)
  const hint = near === undefined ? '' : `; did you mean ${quote(near)}?`
  return printable(what + place + (expected === undefined ? '' : `: ${expected}`) + hint)
}

/** Far more than anybody mends at once; a hostile file could hold a hundred thousand. */
export const MOST_FAULTS = 100

/** One error for all faults of a file or command; `subject` names it. `total` counts those that are not listed too. */
export function refusal(code: Code, subject: string, faults: string[], total = faults.length): KcharmError {
  const listed = faults.slice(0, MOST_FAULTS)
  if (total > listed.length) listed.push(`… and ${total - listed.length} more`)
  const count = total === 1 ? 'one fault' : `${total} faults`
  return new KcharmError(code, printable(`${subject} cannot be used: ${count}`), { faults: listed })
}

/** `applications.kata.to[0]`; a key that is not a plain word stands in quotes. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      const key = /^[\w/-]+$/.test(String(step)) ? shortened(String(step)) : quote(String(step))
      return index === 0 ? key : `.${key}`
    })
    .join('')
}

/** A value from the input, in quotes and cut to a readable length. */
export function quote(text: string): string {
  return printable(JSON.stringify(shortened(text)))
}

function oneOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => (/^[\w./:=-]{1,60}$/.test(name) ? name : quote(name)))
  if (shown.length === 0) return 'expected none'
  const more = names.length > shown.length ? ', …' : ''
  return `expected ${names.length === 1 ? '' : 'one of: '}${shown.join(', ')}${more}`
}

const MOST_NAMES = 30

function shortened(text: string): string {
  const characters = [...text.slice(0, 200)]
  return characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text
}

/** Control and formatting characters could move a terminal's cursor or reverse a line: they are written as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
}
