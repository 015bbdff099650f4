import { KcharmError } from '../../../lib/errors/index.ts'
import { findBlocks, type Block } from './block.ts'
import { RUNTIMES } from './ids.ts'
import { withdrawInline } from './inline-table.ts'
import { leafKey, parseToml, type Table } from './parse.ts'
import { lineOf, startsWith, statements, type Statement } from './statements.ts'
import { tagOf } from './tags.ts'
import { cutAll, wholeLines, type Cut } from './text-cut.ts'

/** The operator's part of a file that kcharm may have edited. */
export interface Withdrawn {
  /** The file's path, for messages. */
  path: string
  text: string
  /** That text parsed. */
  config: Table
  /** Where kcharm's block stood in that text, or its end. */
  at: number
  /** The handlers that kcharm had written. */
  names: string[]
  /** The keys that kcharm had written, as `leafKey`s. */
  keys: string[]
}

interface Taken {
  cuts: Cut[]
  /** The statements that go, or whose value goes. */
  ours: Statement[]
  names: string[]
}

/**
 * Takes kcharm's part out of a valid schema 2 file. The text alone tells what is kcharm's:
 * - between `# BEGIN kcharm: NAMES` and `# END kcharm`, the tables of those handlers;
 * - a line that ends with `# kcharm`;
 * - a value followed by `# kcharm, was OLD`;
 * - in a line that ends with `# kcharm: NAMES`, those handlers in its inline tables.
 */
export function withdraw(text: string, path: string): Withdrawn {
  const all = statements(text)
  const blocks = findBlocks(text, { all, path })
  const inBlocks = blocks.map((block) => takeBlock(text, { block, all }))
  const outside = all.filter((statement) => !inBlocks.some(({ ours }) => ours.includes(statement)))
  const taken = [...inBlocks, ...outside.map((statement) => takeTagged(text, { statement, all }))]
  const ours = taken.flatMap((part) => part.ours)
  const stray = all.find((pair) => isStray(pair, ours))
  if (stray) throw strayed(path, lineOf(text, stray.start))
  const cuts = taken.flatMap((part) => part.cuts)
  const left = close(cutAll(text, cuts), { block: blocks[0], cuts })
  return {
    ...left,
    path,
    config: parseToml(left.text, path),
    names: taken.flatMap((part) => part.names),
    keys: ours.filter(({ kind }) => kind !== 'header').map(({ path: key }) => leafKey(key)),
  }
}

/** The place of the block in the text that is left; a line end that came with the block goes with it. */
function close(left: string, { block, cuts }: { block: Block | undefined; cuts: Cut[] }): { text: string; at: number } {
  if (block === undefined) return { text: left, at: left.length }
  const above = cuts.filter(({ end }) => end <= block.begin.start)
  const at = above.reduce((sum, { start, end, put = '' }) => sum - (end - start) + put.length, block.begin.start)
  if (!block.padded || at < left.length) return { text: left, at }
  const text = left.replace(/\r?\n$/, '')
  return { text, at: text.length }
}

function takeBlock(text: string, { block, all }: { block: Block; all: Statement[] }): Taken {
  const { begin, end, names } = block
  const inside = all.filter(({ kind, start }) => kind !== 'inner' && start > begin.start && start < end.start)
  const ours = inside.filter(({ path }) => names.some((name) => startsWith(path, [...RUNTIMES, name])))
  const lines = [begin, ...ours, end].map((statement) => wholeLines(text, statement))
  return { cuts: lines, ours, names }
}

function takeTagged(text: string, { statement, all }: { statement: Statement; all: Statement[] }): Taken {
  const { kind, path, end, value } = statement
  const taggable = kind === 'header' || (kind === 'pair' && (path.length > 1 || path[0] === 'plugins'))
  const tag = taggable ? tagOf(text, statement) : undefined
  switch (tag?.kind) {
    case 'line':
      return { cuts: [wholeLines(text, statement)], ours: [statement], names: [] }
    case 'was':
      return { cuts: [{ start: value, end: tag.end, put: tag.old }], ours: [statement], names: [] }
    case 'names': {
      const { ours, cuts } = withdrawInline(all, { holder: statement, names: tag.names })
      return { cuts: [{ start: end, end: tag.end }, ...cuts], ours, names: tag.names }
    }
    case undefined:
      return { cuts: [], ours: [], names: [] }
  }
}

/** A pair of the operator's under a header of kcharm's: without that header it would change the table above. */
function isStray(pair: Statement, ours: Statement[]): boolean {
  return (
    pair.kind === 'pair' &&
    !ours.includes(pair) &&
    ours.some(({ kind, path }) => kind === 'header' && path === pair.table)
  )
}

function strayed(path: string, line: number): KcharmError {
  return new KcharmError(
    'unsafe-input',
    `${path}:${line}: this line has no [header] of its own and falls into kcharm's table`,
    { hint: 'put it under its own [header], or above "# BEGIN kcharm"' },
  )
}
