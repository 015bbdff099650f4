import { posix } from 'node:path'
import { sha256 } from '../model/json.ts'
import { type Change, type Kind, type Lazy, resolve, type Undoer } from './kind.ts'
import { BACKUPS, path, quote } from './shell.ts'
import { isUnknown, NotYet, type Reading, type Unknown, type View } from './view.ts'

/** A file whose whole content is ours. */
export interface FileObject {
  kind: 'file'
  path: string
  text: Lazy<string>
  /** Four octal digits; default `0644`. */
  mode?: string
  intent?: string
  /** What a change of it means, shown beside the change. */
  why?: string
  validate?: Validation
  /** Its text goes nowhere but into the file: no plan shows it, old or new. The default mode is then `0600`. */
  secret?: true
}

/** What a plan shows in place of a text that nobody may see. */
export const SECRET_TEXT = '(secret text)'

/** A program that judges the new content before it replaces the old: `{new}` in `argv` is the new file's path. */
export interface Validation {
  argv: string[]
  /** Output on stderr that means no, although the exit status is 0. */
  forbid?: string
}

export type FileCell = null | { mode: string; owner: string; size: number; sha: string } | { other: string }

const fileUndoer: Undoer = {
  prefix: 'file',
  reading: (name) => fileReading(name),
  restore: (name, to) => restoreFile(name, to as FileCell),
  leftovers: (name) => [temporary(name)],
}

export const file: Kind<FileObject> = {
  undo: fileUndoer,
  reading: (object) => fileReading(object.path),
  plan(object, view) {
    const before = view.peek(fileReading(object.path))
    const text = settled(() => resolve(object.text), object)
    const words = `write ${object.path}`
    const mode = object.mode ?? (object.secret ? '0600' : '0644')
    return fileChange({ path: object.path, text, view, before, words, mode, ...extras(object) })
  },
}

export function fileReading(name: string): Reading<FileCell> {
  return { key: `file:${name}`, lasting: 'cell', script: `kc_file ${path(name)}`, parse: parseFile }
}

/** The text of a file; empty when there is none. */
export function textReading(name: string): Reading<string> {
  return {
    key: `text:${name}`,
    lasting: 'cell',
    script: `[ ! -f ${path(name)} ] || base64 ${path(name)}`,
    parse: (frame) => Buffer.from(frame, 'base64').toString('utf8'),
  }
}

export interface FileWish {
  path: string
  text: string | Unknown
  mode: string
  view: View
  before: FileCell | Unknown
  words: string
  owner?: string
  intent?: string
  why?: string
  validate?: Validation
  secret?: true
}

/** Only its owner may read it. */
export function isPrivate(cell: FileCell): boolean {
  return cell !== null && 'mode' in cell && cell.mode.endsWith('00')
}

/** The change that gives a file this text, or nothing when it has it. */
export function fileChange(wish: FileWish): Change | undefined {
  const { before, text, view } = wish
  if (isUnknown(text)) return laterChange(wish, text)
  const after = { mode: wish.mode, owner: wish.owner ?? 'root:root', size: Buffer.byteLength(text), sha: sha256(text) }
  if (!isUnknown(before) && before !== null && !('other' in before) && sameFile(before, after)) return undefined
  const old = wish.secret ? undefined : view.peek(textReading(wish.path))
  return {
    key: `file:${wish.path}`,
    verb: wish.words,
    before: isUnknown(before) ? null : before,
    after,
    sides: { [`text:${wish.path}`]: text },
    ...(old === undefined || isUnknown(old) ? {} : { texts: { before: old, after: text } }),
    ...(wish.intent === undefined ? {} : { intent: wish.intent }),
    ...(wish.why === undefined ? {} : { why: wish.why }),
    script: writeFile(wish, after.owner, text),
  }
}

function laterChange(wish: FileWish, text: Unknown): Change | undefined {
  if (isUnknown(wish.before) && wish.before.term === text.term) return undefined
  return {
    key: `file:${wish.path}`,
    verb: wish.words,
    before: isUnknown(wish.before) ? null : wish.before,
    after: text,
    sides: { [`text:${wish.path}`]: text },
    intent: wish.intent ?? wish.words,
    why: text.unknown,
    script: '',
  }
}

function sameFile(a: Exclude<FileCell, null | { other: string }>, b: typeof a): boolean {
  return a.sha === b.sha && a.mode === b.mode && a.owner === b.owner
}

function settled(make: () => string, object: FileObject): string | Unknown {
  try {
    return make()
  } catch (thrown) {
    if (!(thrown instanceof NotYet)) throw thrown
    const intent = object.intent ?? 'text'
    return { unknown: thrown.value.unknown, term: `${object.path}(${intent} from ${thrown.value.term})` }
  }
}

function extras(object: FileObject): Partial<FileWish> {
  return {
    ...(object.secret ? { secret: true as const, intent: SECRET_TEXT } : {}),
    ...(object.intent === undefined ? {} : { intent: object.intent }),
    ...(object.why === undefined ? {} : { why: object.why }),
    ...(object.validate === undefined ? {} : { validate: object.validate }),
  }
}

function parseFile(frame: string): FileCell {
  const [what, mode, owner, size, sha] = frame.split(' ')
  if (what === 'none') return null
  if (what !== 'file' || !mode || !owner || !sha) return { other: what ?? 'unreadable' }
  return { mode: mode.padStart(4, '0'), owner, size: Number(size), sha }
}

function writeFile(wish: FileWish, owner: string, text: string): string {
  const fresh = temporary(wish.path)
  const data = Buffer.from(text, 'utf8').toString('base64')
  return whole(fresh, [
    `kc_parents ${path(posix.dirname(wish.path))}`,
    `kc_keep ${path(wish.path)} ${path(BACKUPS)}`,
    `: >${path(fresh)} && chmod ${wish.mode} ${path(fresh)} && kc_own ${quote(owner)} ${path(fresh)}`,
    `printf %s '${data}' | base64 -d >${path(fresh)}`,
    ...(wish.validate ? [validation(fresh, wish.validate)] : []),
    `kc_keep ${path(fresh)} ${path(BACKUPS)}`,
    `kc_sync ${path(fresh)}`,
    `mv -f ${path(fresh)} ${path(wish.path)}`,
  ])
}

/** All of it, or nothing: where a disk is full the new file goes again. */
function whole(fresh: string, steps: string[]): string {
  return `${steps.join(' &&\n')} ||\n{ rm -f ${path(fresh)}; exit 1; }`
}

function validation(fresh: string, validate: Validation): string {
  const argv = validate.argv.map((word) => word.split('{new}').map(quoted).join(path(fresh)))
  return `kc_validate ${quote(validate.forbid ?? '')} ${path(fresh)} ${argv.join(' ')}`
}

function quoted(piece: string): string {
  return piece === '' ? '' : quote(piece)
}

/**
 * Where the new file grows until it takes its place by a rename: beside it, but never in a folder whose every entry somebody reads,
 * as Kata reads its config.d (kata-containers, src/libs/kata-types/src/config/drop_in.rs).
 */
function temporary(name: string): string {
  const folder = posix.dirname(name)
  if (!folder.endsWith('.d')) return posix.join(folder, `.kcharm.${posix.basename(name)}.new`)
  return posix.join(posix.dirname(folder), `.kcharm.${posix.basename(folder)}.${posix.basename(name)}.new`)
}

/** What stands there may be somebody else's by now: it is kept like everything that is replaced. */
function restoreFile(name: string, to: FileCell): string {
  const keep = `kc_keep ${path(name)} ${path(BACKUPS)}`
  if (to === null) return `${keep} && rm -f ${path(name)}`
  if ('other' in to) throw new Error(`${name} was not a plain file; it cannot be put back`)
  const fresh = temporary(name)
  return whole(fresh, [
    keep,
    `kc_parents ${path(posix.dirname(name))}`,
    `cp ${path(`${BACKUPS}/${to.sha}`)} ${path(fresh)}`,
    `chmod ${to.mode} ${path(fresh)} && kc_own ${quote(to.owner)} ${path(fresh)}`,
    `kc_sync ${path(fresh)} && mv -f ${path(fresh)} ${path(name)}`,
  ])
}
