import { canonical } from '../model/json.ts'
import type { Kind, Undoer } from './kind.ts'
import { path } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

export interface DirectoryObject {
  kind: 'directory'
  path: string
  /** Four octal digits; default `0755`. */
  mode?: string
}

type DirectoryCell = null | { mode: string } | { other: string }

const directoryUndoer: Undoer = {
  prefix: 'dir',
  reading: (name) => directoryReading(name),
  /** A directory that holds somebody else's files stays. */
  holds: (wanted, have) => wanted === null || canonical(wanted) === canonical(have),
  restore(name, to) {
    const before = to as DirectoryCell
    if (before === null) return `[ ! -d ${path(name)} ] || rmdir ${path(name)} 2>/dev/null || kc_say kept ${path(name)}`
    return 'mode' in before ? `chmod ${before.mode} ${path(name)}` : ':'
  },
}

export const directory: Kind<DirectoryObject> = {
  undo: directoryUndoer,
  reading: (object) => directoryReading(object.path),
  plan(object, view) {
    const before = view.peek(directoryReading(object.path))
    const mode = object.mode ?? '0755'
    if (isUnknown(before) || (before !== null && 'mode' in before && before.mode === mode)) return undefined
    return {
      key: `dir:${object.path}`,
      verb: before === null ? `make ${object.path}` : `set the mode of ${object.path} to ${mode}`,
      before,
      after: { mode },
      sides: {},
      script: `mkdir -p ${path(object.path)} && chmod ${mode} ${path(object.path)}`,
    }
  },
}

export function directoryReading(name: string): Reading<DirectoryCell> {
  return { key: `dir:${name}`, lasting: 'cell', script: `kc_dir ${path(name)}`, parse: parseDirectory }
}

function parseDirectory(frame: string): DirectoryCell {
  const [what, mode] = frame.split(' ')
  if (what === 'none') return null
  return what === 'dir' && mode ? { mode: mode.padStart(4, '0') } : { other: what ?? 'unreadable' }
}
