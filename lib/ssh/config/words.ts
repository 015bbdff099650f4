/** One directive of an ssh_config. */
export interface Directive {
  /** In lower case. */
  keyword: string
  /** Everything behind the keyword, as it stands. */
  rest: string
  file: string
  line: number
}

/** The directives of one file; blank lines and comments are none. */
export function parseDirectives(text: string, file: string): Directive[] {
  return text.split('\n').flatMap((written, index) => {
    const [keyword, rest] = nextWord(written.trim())
    if (keyword === '' || keyword.startsWith('#')) return []
    return [{ keyword: keyword.toLowerCase(), rest, file, line: index + 1 }]
  })
}

/** A word and what comes behind it, divided by blanks or by one equals sign (OpenSSH's `strdelim`). */
export function nextWord(text: string): [word: string, rest: string] {
  const [, quoted, plain = '', rest = ''] = WORD.exec(text) ?? []
  return [quoted ?? plain, rest]
}

const WORD = /^(?:"([^"]*)"|([^\s"=]*))(?:\s*=\s*|\s*)(.*)$/s

/**
 * Words with quotes, backslashes, and a comment at the end (OpenSSH's `argv_split`).
 * Undefined where a quote is never closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = []
  let at = 0
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at++
    if (at >= text.length || text[at] === '#') return words
    const read = readWord(text, at)
    if (read === undefined) return undefined
    words.push(read.word)
    at = read.end
  }
}

function readWord(text: string, start: number): { word: string; end: number } | undefined {
  let word = ''
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    const next = text.charAt(at + 1)
    if (char === '\\' && (`'"\\`.includes(next) || (quote === '' && next === ' ')) && next !== '') {
      word += next
      at++
    } else if (quote === '' && (char === ' ' || char === '\t')) break
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
    else word += char
  }
  return quote === '' ? { word, end: at } : undefined
}
