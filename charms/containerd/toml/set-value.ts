import { KcharmError } from '../../../lib/errors/index.ts'
import { leafKey } from './parse.ts'
import { tomlPath, tomlValue } from './render.ts'
import { lineOf, startsWith, statements, type Statement } from './statements.ts'
import { LINE_TAG, wasTag } from './tags.ts'
import { cutAll, insertBelow } from './text-cut.ts'
import type { Setting } from './wish.ts'

/**
 * The text with one value set where its table stands: the old value stays in a comment, a new line is tagged.
 * Nothing when the file has no place for it, so that a table must be added.
 */
export function setValue(text: string, { setting, path }: { setting: Setting; path: string }): string | undefined {
  const all = statements(text)
  const value = tomlValue(setting.value)
  const parent = setting.path.slice(0, -1)
  const pair = all.find(({ kind, path: at }) => kind === 'pair' && leafKey(at) === leafKey(setting.path))
  const old = pair && text.slice(pair.value, pair.end)
  if (pair && old && !old.includes('\n')) {
    return cutAll(text, [{ start: pair.value, end: pair.end, put: value + wasTag(old) }])
  }
  const closed = pair ?? all.find(({ value: at, path: to }) => text[at] === '{' && startsWith(setting.path, to))
  if (closed) throw unreachable(setting, `${path}:${lineOf(text, closed.start)}`)
  const header = all.find(({ kind, path: at }) => kind === 'header' && leafKey(at) === leafKey(parent))
  if (header) return below(text, { above: header, line: `${tomlPath(setting.path.slice(-1))} = ${value}` })
  const dotted = all.find((s) => s.kind === 'pair' && s.table.length < parent.length && startsWith(s.path, parent))
  return (
    dotted && below(text, { above: dotted, line: `${tomlPath(setting.path.slice(dotted.table.length))} = ${value}` })
  )
}

/** A line in the same table, with the indentation of the line above and a step more under a header. */
function below(text: string, { above, line }: { above: Statement; line: string }): string {
  const indent = /[ \t]*$/.exec(text.slice(0, above.start))?.[0] ?? ''
  const step = above.kind === 'header' ? '  ' : ''
  return insertBelow(text, above.end, [indent + step + line + LINE_TAG])
}

function unreachable({ path, value }: Setting, place: string): KcharmError {
  const words = `${tomlPath(path)} = ${tomlValue(value)}`
  return new KcharmError('unsafe-input', `${place}: kcharm cannot set ${words} where it stands`, {
    hint: 'give its table a [header] of its own and the value one line, or set it by hand',
  })
}
