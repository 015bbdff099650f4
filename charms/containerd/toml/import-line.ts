import { posix } from 'node:path'
import { KcharmError } from '../../../lib/errors/index.ts'
import { readConfig } from './facts.ts'
import { statements, type Statement } from './statements.ts'
import { LINE_TAG, tagOf } from './tags.ts'
import { cutAll, eolOf, insertBelow, wholeLines, type Cut } from './text-cut.ts'

/**
 * The main file with (or again without) the import of a drop-in's folder: containerd reads what the raw file
 * imports, whatever `config dump` shows. An import of the operator's that covers the drop-in is enough.
 * Throws `unsafe-input` for a file without a `version` line or with imports that are no list.
 */
export function setImport(text: string, dropIn: string, { path, present }: { path: string; present: boolean }): string {
  const { imports } = readConfig(text, { path })
  const all = statements(text)
  const list = all.find((statement) => isRoot(statement, 'imports'))
  const glob = posix.join(posix.dirname(dropIn), '*.toml')
  if (!present) return list ? cutAll(text, withoutImport(text, { list, glob })) : text
  if (imports.some((pattern) => covers(posix.resolve(posix.dirname(path), pattern), dropIn))) return text
  if (list && text[list.value] === '[') return cutAll(text, [asFirst(text, { list, glob })])
  const version = all.find((statement) => isRoot(statement, 'version'))
  if (!list && version) return insertBelow(text, version.end, [`imports = [${JSON.stringify(glob)}]${LINE_TAG}`])
  throw new KcharmError('unsafe-input', `${path}: has no \`version\` line, or imports that are not a list`, {
    hint: `add "${glob}" to its imports by hand`,
  })
}

/** A line of its own within the list, so that it comes out again without a trace; later imports win over it. */
function asFirst(text: string, { list, glob }: { list: Statement; glob: string }): Cut {
  const inside = list.value + 1
  return { start: inside, end: inside, put: `${JSON.stringify(glob)},${LINE_TAG}${eolOf(text)}` }
}

/** Only what `setImport` wrote goes: the item in the operator's list, or the line, less what was added to it since. */
function withoutImport(text: string, { list, glob }: { list: Statement; glob: string }): Cut[] {
  const value = text.slice(list.value, list.end)
  const { put = '' } = asFirst(text, { list, glob })
  const item = value.indexOf(put)
  if (item >= 0) return [{ start: list.value + item, end: list.value + item + put.length }]
  const tag = tagOf(text, list)
  const ours = `[${JSON.stringify(glob)}`
  if (tag?.kind !== 'line' || !value.startsWith(ours)) return []
  if (value === `${ours}]`) return [wholeLines(text, list)]
  const added = value.slice(ours.length).replace(/^\s*,\s*/, '')
  return [{ start: list.value, end: tag.end, put: `[${added}` }]
}

function isRoot({ path, kind }: Statement, key: string): boolean {
  return kind === 'pair' && path.length === 1 && path[0] === key
}

/** Only `*` makes a pattern of an import (containerd 2.3.7, cmd/containerd/server/config, resolveImports). */
function covers(pattern: string, file: string): boolean {
  if (!pattern.includes('*')) return pattern === file
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return new RegExp(`^${source}$`).test(file)
}
