import { CRI_NAMES } from './ids.ts'
import { lineOf, statements, type Statement } from './statements.ts'
import { cutAll, type Cut } from './text-cut.ts'

/** A text in a list of plugins, with its place in the file. */
interface Item {
  name: string
  start: number
  end: number
}

/** The file with CRI taken out of `disabled_plugins`, under each of its four names; everything else stays as it is. */
export function enableCri(text: string): string {
  const [list] = pluginLists(text).filter(({ path }) => path[0] === 'disabled_plugins')
  if (list === undefined) return text
  const items = itemsOf(text, list)
  return cutAll(text, cutsOf(text, { list, items }))
}

/** The root's lists of plugins. */
export function pluginLists(text: string): Statement[] {
  return statements(text).filter(
    ({ kind, path }) => kind === 'pair' && path.length === 1 && /^(disabled|required)_plugins$/.test(path[0] ?? ''),
  )
}

/** The texts of a list; what stands in a comment is none. */
export function itemsOf(text: string, { value, end }: Statement): Item[] {
  return [...text.slice(value, end).matchAll(TOKEN)].flatMap(({ 0: token, index }) =>
    token.startsWith('#')
      ? []
      : [{ name: token.slice(1, -1), start: value + index, end: value + index + token.length }],
  )
}

const TOKEN = /"(?:\\.|[^"\\])*"|'[^']*'|#[^\r\n]*/g

/** Each name with the comma that joined it; with its whole line where nothing else stands there. */
function cutsOf(text: string, { list, items }: { list: Statement; items: Item[] }): Cut[] {
  const stays = (item: Item) => !CRI_NAMES.includes(item.name)
  const last = items.findLast(stays)
  const cuts = items
    .filter((item) => !stays(item))
    .flatMap((item): Cut[] => {
      const comma = /^\s*,/.exec(text.slice(item.end, list.end))?.[0] ?? ''
      if (comma !== '' || last === undefined)
        return [lineCut(text, { start: item.start, end: item.end + comma.length })]
      const joint = text.indexOf(',', last.end)
      const blank = /[ \t]*$/.exec(text.slice(0, item.start))?.[0] ?? ''
      return [
        { start: joint, end: joint + 1 },
        { start: item.start - blank.length, end: item.end },
      ]
    })
  return united(cuts)
}

function united(cuts: Cut[]): Cut[] {
  const found: Cut[] = []
  for (const cut of cuts.toSorted((a, b) => a.start - b.start)) {
    const before = found.at(-1)
    if (before && cut.start <= before.end) before.end = Math.max(before.end, cut.end)
    else found.push({ ...cut })
  }
  return found
}

function lineCut(text: string, { start, end }: { start: number; end: number }): Cut {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const rest = /^[ \t]*\r?\n/.exec(text.slice(end))?.[0]
  const alone = rest !== undefined && text.slice(from, start).trim() === '' && lineOf(text, from) > 1
  if (alone) return { start: from, end: end + rest.length }
  const blank = /^[ \t]*/.exec(text.slice(end))?.[0] ?? ''
  return { start, end: end + blank.length }
}
