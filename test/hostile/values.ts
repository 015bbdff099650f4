/** What a shell, a parser or a terminal could take for more than text. `touch pwned` is what must never run. */
const PIECES = [
  '$(touch pwned)',
  '`touch pwned`',
  ';touch pwned;',
  '\ntouch pwned\n',
  "'$(touch pwned)'",
  "'; touch pwned; '",
  '"; touch pwned; "',
  '| touch pwned &',
  '&& touch pwned ||',
  '>pwned',
  '<(touch pwned)',
  '${IFS}touch${IFS}pwned',
  '${x:=`touch pwned`}',
  '$((1+1))',
  '\\',
  '\\n',
  "\\'",
  "'",
  '"',
  '`',
  '\t',
  '\r',
  '\r\n',
  '\u0001\u0002\u0007\b\u007f',
  '\u001b[2J\u001b[31m',
  '\u001b]0;title\u0007',
  '\u001b]8;;http://evil\u001b\\link',
  '\u001bP1$r\u001b\\',
  '\u009b31m',
  '\u0085\u2028\u2029',
  '\u202e\u2066\u200f\u061c',
  '\ufeff\u200b\u00ad',
  '../../../../etc/passwd',
  '..',
  '/',
  '-rf',
  '--help',
  '-',
  '~root',
  '*?[a]{b,c}',
  '!!',
  '#',
  '%s%n%%',
  ': ',
  '- ',
  '&a *a',
  '!!js/function',
  '|\n  x',
  '>-',
  '---\n',
  '...\n',
  '{"a":',
  '}]',
  '"""',
  "'''",
  '[table]\nk = 1\n',
  ' = ',
  '\\u0041',
  '<<: x',
  '@',
  '=',
  ',',
  '  ',
  ' ',
  'ünïcödé 🦀 e\u0301',
  '[MARKER',
  'word',
]

/** The same values for the same seed, however often; each other than the others. */
export function hostile(seed: number): (count: number) => string[] {
  let state = seed
  const below = (most: number): number => (state = (state * 48271) % 2147483647) % most
  let made = 0
  const value = (): string => {
    const pieces = Array.from({ length: 1 + below(5) }, () => PIECES[below(PIECES.length)] ?? '')
    const long = below(400) === 0 ? 'x'.repeat(5000) : ''
    // Anywhere, so that a hostile piece stands at either end as well.
    pieces.splice(below(pieces.length + 1), 0, `${made++}${long}`)
    return pieces.join('')
  }
  return (count) => Array.from({ length: count }, value)
}

/** The same with bytes that are no UTF-8 in them. */
export function hostileBytes(seed: number): (count: number) => Buffer[] {
  const values = hostile(seed)
  const broken = [
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0xc3]),
    Buffer.from([0x80, 0x9b]),
    Buffer.from([0xed, 0xa0, 0x80]),
  ]
  return (count) =>
    values(count).map((text, at) =>
      Buffer.concat([Buffer.from(text), broken[at % broken.length] ?? Buffer.alloc(0), Buffer.from(text)]),
    )
}

/** What a terminal obeys, or shows in another order than it stands; line ends and tabs apart. */
export const OBEYED = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

export function chunks<T>(values: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size))
}
