import { posix } from 'node:path'
import { blobPath } from './archive.ts'
import type { Blob, Kind, Undoer } from './kind.ts'
import { BACKUPS, path } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

/** A file with the very bytes of a resource: a program, a key. */
export interface ResourceFileObject {
  kind: 'resource-file'
  path: string
  blob: Blob
  /** Four octal digits; default `0644`. */
  mode?: string
}

export type ResourceFileCell = null | { mode: string; sha: string } | { other: string }

const resourceFileUndoer: Undoer = {
  prefix: 'blob',
  reading: (name) => resourceFileReading(name),
  restore(name, to) {
    const before = to as ResourceFileCell
    if (before === null) return `rm -f ${path(name)}`
    if ('other' in before) throw new Error(`${name} was not a plain file; it cannot be put back`)
    const fresh = temporary(name)
    return `cp ${path(`${BACKUPS}/${before.sha}`)} ${fresh} && chmod ${before.mode} ${fresh} && kc_sync ${fresh} && mv -f ${fresh} ${path(name)}`
  },
  leftovers: (name) => [`${posix.dirname(name)}/.kcharm.${posix.basename(name)}.new`],
}

export const resourceFile: Kind<ResourceFileObject> = {
  undo: resourceFileUndoer,
  reading: (object) => resourceFileReading(object.path),
  plan(object, view) {
    const before = view.peek(resourceFileReading(object.path))
    const after = { mode: object.mode ?? '0644', sha: object.blob.sha256 }
    const same = !isUnknown(before) && before !== null && !('other' in before)
    if (same && before.sha === after.sha && before.mode === after.mode) return undefined
    return {
      key: `blob:${object.path}`,
      verb: `put ${object.blob.name} to ${object.path}`,
      before: isUnknown(before) ? null : before,
      after,
      sides: {},
      blob: object.blob,
      script: placing(object, after.mode),
    }
  },
}

export function resourceFileReading(name: string): Reading<ResourceFileCell> {
  return { key: `blob:${name}`, lasting: 'cell', script: `kc_file ${path(name)}`, parse: parseFrame }
}

function parseFrame(frame: string): ResourceFileCell {
  const [what, mode, , , sha] = frame.split(' ')
  if (what === 'none') return null
  return what === 'file' && mode && sha ? { mode: mode.padStart(4, '0'), sha } : { other: what ?? 'unreadable' }
}

/** The bytes lie on the same machine, and perhaps on another disk: they are copied beside the place, then renamed. */
function placing({ path: to, blob }: ResourceFileObject, mode: string): string {
  const [from, fresh] = [path(blobPath(blob.sha256)), temporary(to)]
  return [
    `[ "$(kc_sha ${from})" = ${blob.sha256} ] || { rm -f ${from}; kc_say 'the digest is not the vouched one'; exit 1; }`,
    `kc_parents ${path(posix.dirname(to))} && kc_keep ${path(to)} ${path(BACKUPS)} &&`,
    `cp ${from} ${fresh} && chmod ${mode} ${fresh} && kc_own root:root ${fresh} && kc_sync ${fresh} &&`,
    `mv -f ${fresh} ${path(to)} && rm -f ${from} || { rm -f ${fresh}; exit 1; }`,
  ].join('\n')
}

function temporary(name: string): string {
  return path(posix.join(posix.dirname(name), `.kcharm.${posix.basename(name)}.new`))
}
