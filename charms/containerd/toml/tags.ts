import { valueEnd, type Statement } from './statements.ts'

/** What the end of a line says about kcharm's part in it. */
export type Tag =
  | { kind: 'line'; end: number }
  | { kind: 'was'; end: number; old: string }
  | { kind: 'names'; end: number; names: string[] }

export const LINE_TAG = ' # kcharm'

export function wasTag(old: string): string {
  return `${LINE_TAG}, was ${old}`
}

export function namesTag(names: readonly string[]): string {
  return `${LINE_TAG}: ${names.join(' ')}`
}

/** The tag behind a statement; a comment of the operator may follow it. */
export function tagOf(text: string, { end }: Statement): Tag | undefined {
  TAG.lastIndex = end
  const [all = '', was, names] = TAG.exec(text) ?? []
  const after = end + all.length
  if (names !== undefined) return { kind: 'names', end: after, names: names.split(' ') }
  if (was !== undefined)
    return { kind: 'was', end: valueEnd(text, after), old: text.slice(after, valueEnd(text, after)) }
  return all === '' ? undefined : { kind: 'line', end: after }
}

const TAG = / # kcharm(?:(, was )|: ([\w.-]+(?: [\w.-]+)*)|(?=\r?\n|$))/y
