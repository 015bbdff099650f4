import { type Key, type Reading, Unread, type View } from '../host/view.ts'
import type { Change } from '../host/kind.ts'
import type { Observations } from '../plan/overlay.ts'

/** A machine as it was last read; what our own changes made doubtful is read again when it is asked for. */
export interface LiveView {
  view: View
  /** Frames as the machine printed them: the guard of the next step on the same key. */
  frames: Map<Key, string>
  learn(reading: Reading<unknown>, frame: string): void
  forget(change: Change): void
}

export function liveView(values: Observations, frames: Map<Key, string>): LiveView {
  const effects = new Set<Key>()
  const changed = new Set<Key>()
  const peek = <T>(reading: Reading<T>): T => {
    if (!values.has(reading.key)) throw new Unread([reading])
    if (reading.lasting === 'effect') effects.add(reading.key)
    return values.get(reading.key) as T
  }
  const drop = (key: Key) => {
    values.delete(key)
    frames.delete(key)
  }
  return {
    frames,
    view: { peek, read: peek, touched: (key) => changed.has(key) },
    learn(reading, frame) {
      values.set(reading.key, reading.parse(frame))
      frames.set(reading.key, frame)
      if (reading.lasting === 'effect') effects.add(reading.key)
    },
    /** Forgets what the change may have altered: its own key, what came along, and every effect. */
    forget(change) {
      const keys = [change.key, ...Object.keys(change.sides)]
      for (const key of keys) {
        changed.add(key)
        drop(key)
      }
      for (const key of [...effects, change.key.replace(/^file:/, 'text:')]) drop(key)
      if (change.key.startsWith('pkg:')) for (const key of packaged(values)) drop(key)
    },
  }
}

/** One package can take others along, and brings files and folders that nobody here names. */
function packaged(values: Observations): Key[] {
  return [...values.keys()].filter((key) => /^(pkg|dir|file|text|link):/.test(key))
}
