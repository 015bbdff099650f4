import { KcharmError } from '../../../lib/errors/index.ts'
import { lineOf, type Statement } from './statements.ts'
import { eolOf } from './text-cut.ts'

/** kcharm's lines between `# BEGIN kcharm: NAMES` and `# END kcharm`. */
export interface Block {
  begin: Statement
  end: Statement
  names: string[]
  /** The file had no line end before the block: it goes with the block. */
  padded: boolean
}

/** Throws `unsafe-input` with its line for a marker without its other half. */
export function findBlocks(text: string, { all, path }: { all: readonly Statement[]; path: string }): Block[] {
  const found: Block[] = []
  let open: Omit<Block, 'end'> | undefined
  for (const comment of all.filter(({ kind }) => kind === 'comment')) {
    const words = text.slice(comment.start, comment.end)
    const begin = BEGIN.exec(words)
    if (!begin && !END.test(words)) continue
    if ((begin !== null) === (open !== undefined)) throw halved(path, lineOf(text, (open?.begin ?? comment).start))
    if (open) found.push({ ...open, end: comment })
    open = begin ? { begin: comment, names: begin[1]?.split(' ') ?? [], padded: words.endsWith(PAD) } : undefined
  }
  if (open) throw halved(path, lineOf(text, open.begin.start))
  return found
}

/** The text with the block in it: at `at`, or at the end. */
export function insertBlock(
  text: string,
  { at, names, lines }: { at: number; names: string[]; lines: string[] },
): string {
  const eol = eolOf(text)
  const padded = at > 0 && text[at - 1] !== '\n'
  const begin = [BEGINS, ...(names.length > 0 ? [`: ${names.join(' ')}`] : []), ...(padded ? [PAD] : [])].join('')
  const block = [begin, ...lines, ENDS].map((line) => line + eol).join('')
  return text.slice(0, at) + (padded ? eol : '') + block + text.slice(at)
}

function halved(path: string, line: number): KcharmError {
  return new KcharmError('unsafe-input', `${path}:${line}: kcharm's block has lost its "${BEGINS}" or "${ENDS}" line`, {
    hint: `put the missing line back, or delete the whole block and deploy again`,
  })
}

const BEGINS = '# BEGIN kcharm'
const ENDS = '# END kcharm'
const PAD = ' (no line end was here)'
const BEGIN = /^# BEGIN kcharm\b(?:: ([\w.-]+(?: [\w.-]+)*))?/
const END = /^# END kcharm\b/
