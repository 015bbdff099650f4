/** A stretch of a text to replace. */
export interface Cut {
  start: number
  end: number
  put?: string
}

/** The text with all cuts made; they do not overlap. */
export function cutAll(text: string, cuts: readonly Cut[]): string {
  const ordered = cuts.toSorted((a, b) => b.start - a.start)
  return ordered.reduce((left, { start, end, put = '' }) => left.slice(0, start) + put + left.slice(end), text)
}

/** The whole lines of a stretch with their line end; of a last line without one, the line end before it. */
export function wholeLines(text: string, { start, end }: { start: number; end: number }): Cut {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const next = text.indexOf('\n', end)
  if (next >= 0 || from === 0) return { start: from, end: next < 0 ? text.length : next + 1 }
  return { start: from - (text[from - 2] === '\r' ? 2 : 1), end: text.length }
}

/** The text with lines inserted below the line that holds `offset`. */
export function insertBelow(text: string, offset: number, lines: readonly string[]): string {
  const eol = eolOf(text)
  const next = text.indexOf('\n', offset)
  if (next < 0) return [text, ...lines].join(eol)
  return text.slice(0, next + 1) + lines.map((line) => line + eol).join('') + text.slice(next + 1)
}

/** The text's own line end. */
export function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}
