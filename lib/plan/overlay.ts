import type { Change } from '../host/kind.ts'
import { isUnknown, type Key, NotYet, type Reading, type Unknown, Unread, type Value, type View } from '../host/view.ts'

/** What was read of a machine: parsed values by key. */
export type Observations = Map<Key, unknown>

/** A machine as it would be after the changes laid over what was read. */
export interface Overlay {
  view: View
  apply(change: Change): void
  /** Everything that was read. */
  used: Map<Key, Reading<unknown>>
}

export function overlay(observed: Observations): Overlay {
  const laid = new Map<Key, Value>()
  const changed = new Set<Key>()
  const used: Overlay['used'] = new Map()
  const peek = <T>(reading: Reading<T>): T | Unknown => {
    if (laid.has(reading.key)) return laid.get(reading.key) as T | Unknown
    if (reading.lasting === 'effect' && changed.size > 0) return afterwards(reading.key)
    if (!observed.has(reading.key)) throw new Unread([reading])
    used.set(reading.key, reading)
    return observed.get(reading.key) as T
  }
  const view: View = {
    peek,
    read(reading) {
      const value = peek(reading)
      if (isUnknown(value)) throw new NotYet(value)
      return value
    },
    touched: (key) => changed.has(key),
  }
  return {
    view,
    used,
    apply(change) {
      laid.set(change.key, change.after)
      for (const [key, value] of Object.entries(change.sides)) laid.set(key, value)
      changed.add(change.key)
      for (const key of Object.keys(change.sides)) changed.add(key)
    },
  }
}

function afterwards(key: Key): Unknown {
  return { unknown: 'known once the changes before it are made', term: `afterwards(${key})` }
}
