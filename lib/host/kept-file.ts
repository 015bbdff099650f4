import type { Change, Undoer } from './kind.ts'
import { path } from './shell.ts'
import { isUnknown, type Reading, type View } from './view.ts'

type Cell = null | 'there'

/** A file that is made once, for somebody who must go back, and never changed. `endings`: of what it grows under. */
export function keptFile(prefix: string, endings: string[]) {
  const reading = (name: string): Reading<Cell> => ({
    key: `${prefix}:${name}`,
    lasting: 'cell',
    script: `[ -f ${path(name)} ] && echo there || echo none`,
    parse: (frame) => (frame === 'there' ? 'there' : null),
  })
  const undo: Undoer = {
    prefix,
    reading,
    restore: (name) => `rm -f ${path(name)}`,
    leftovers: (name) => endings.map((ending) => `${name}${ending}`),
  }
  const plan = (name: string, view: View, how: Pick<Change, 'verb' | 'script' | 'why'>): Change | undefined => {
    const before = view.peek(reading(name))
    if (isUnknown(before) || before === 'there') return undefined
    return { key: `${prefix}:${name}`, before, after: 'there', sides: {}, ...how }
  }
  return { undo, reading, plan }
}
