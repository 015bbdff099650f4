import { KcharmError } from '../errors/index.ts'
import { digest } from '../model/json.ts'
import type { Blob, Kind, Undoer } from './kind.ts'
import { BLOBS, path, quote, TREES } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

/** A tree unpacked from an archive, or of one program, complete or not there; other versions stand beside it. */
export interface ArchiveObject {
  kind: 'archive'
  path: string
  blob: Blob
  /**
   * The folder inside the archive that becomes the tree, such as `opt/kata`; entries outside it are refused. `.`: the archive
   * itself.
   */
  prefix: string
  /** The blob is one program: it lies in the tree under this name, and `prefix` says nothing. */
  program?: string
}

export type TreeCell = null | { archive: string; state: 'whole' | 'damaged' }

const archiveUndoer: Undoer = {
  prefix: 'tree',
  reading: (name) => treeReading(name),
  restore(name, to) {
    if (to !== null) throw new Error(`${name} held another tree; it cannot be put back`)
    return `rm -rf ${path(name)} && rm -f ${stamp(name)}`
  },
  leftovers: (name) => [`${name}.kcharm-new`, `${name}.kcharm-old`],
}

export const archive: Kind<ArchiveObject> = {
  undo: archiveUndoer,
  reading: (object) => treeReading(object.path),
  plan(object, view) {
    const before = view.peek(treeReading(object.path))
    const after: TreeCell = { archive: object.blob.sha256, state: 'whole' }
    if (isUnknown(before) || (before?.archive === after.archive && before.state === 'whole')) return undefined
    if (before?.archive === '-') throw foreign(object.path)
    return {
      key: `tree:${object.path}`,
      verb: `unpack ${object.blob.name} to ${object.path}`,
      before,
      after,
      sides: {},
      blob: object.blob,
      ...(before?.state === 'damaged' ? { why: 'files of the tree were changed since it was unpacked' } : {}),
      script: unpack(object),
    }
  },
}

export function treeReading(name: string): Reading<TreeCell> {
  return {
    key: `tree:${name}`,
    lasting: 'cell',
    script: `kc_tree ${path(name)} ${stamp(name)}`,
    parse(frame) {
      const [what, sha] = frame.split(' ')
      return what === 'none' || !sha ? null : { archive: sha, state: what === 'whole' ? 'whole' : 'damaged' }
    },
  }
}

/** Where the uploaded archive lies until it is unpacked. */
export function blobPath(sha256: string): string {
  return `${BLOBS}/${sha256}`
}

function unpack(object: ArchiveObject): string {
  const name = object.blob.name
  const format = object.program ? 'program' : /\.(tar\.gz|tgz|tar\.xz|tar\.zst|tar)$/.exec(name)?.[1]
  if (format === undefined)
    throw new KcharmError('invalid-option', `${name}: expected a .tar, .tar.gz, .tar.xz or .tar.zst archive`)
  const words = [blobPath(object.blob.sha256), `${object.path}.kcharm-new`, object.path].map(path)
  return [
    'kc_unpack',
    ...words,
    stamp(object.path),
    quote(object.blob.sha256),
    quote(format),
    quote(object.program ?? object.prefix),
  ].join(' ')
}

function stamp(name: string): string {
  return path(`${TREES}/${digest(name)}`)
}

function foreign(name: string): KcharmError {
  return new KcharmError('unit-failed', `${name} exists and was not unpacked by kcharm`, {
    hint: `move ${name} away, or choose another place`,
  })
}
