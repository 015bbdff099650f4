/** Text from elsewhere made harmless for a terminal: control and formatting characters are written as escapes; lines stay. */
export function harmless(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(HARMFUL, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
}

const HARMFUL = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The same on one line, cut to a width. */
export function oneLine(text: string, width = Infinity): string {
  const line = harmless(text)
    .replace(/\s*\n\s*/g, '; ')
    .replaceAll('\t', ' ')
  const characters = [...line]
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** Plain data as JSON that a terminal shows as it stands: such characters are written as JSON's own escapes. */
export function renderJson(value: unknown): string {
  return escapedAsJson(JSON.stringify(value, undefined, 2))
}

/** The same in a text whose strings stand in double quotes. */
export function escapedAsJson(text: string): string {
  return text.replace(HARMFUL, (c) =>
    [...Array(c.length).keys()].map((at) => `\\u${c.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}

/** Colours, or none: on a terminal, unless NO_COLOR says otherwise. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  doubtful(text: string): string
  dim(text: string): string
  strong(text: string): string
}

export function paintFor(stream: { isTTY?: boolean }, env: Record<string, string | undefined> = process.env): Paint {
  const coloured = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const code = (open: number, close: number) => (text: string) =>
    coloured ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { good: code(32, 39), bad: code(31, 39), doubtful: code(33, 39), dim: code(2, 22), strong: code(1, 22) }
}

export const plain: Paint = paintFor({})
