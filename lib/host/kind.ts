import type { Cell, Key, Reading, Value, View } from './view.ts'

/** A text that may depend on what is not known yet; the thunk may throw `NotYet`. */
export type Lazy<T> = T | (() => T)

export interface Blob {
  sha256: string
  /** Bytes. */
  size: number
  /** A file on the operator's machine or a URL. */
  from: string
  name: string
  /** Who downloads a URL; default `auto`. */
  fetch?: 'auto' | 'node' | 'operator'
}

/** One wanted transition of one cell: what plans show, what runs carry out, what the manifest records. */
export interface Change {
  key: Key
  verb: string
  before: Cell
  after: Value
  /** Words for a value that is not known yet, and its identity while it is not. */
  intent?: string
  /** Whole texts, for a diff. */
  texts?: { before: string; after: string }
  /** Other cells that this change brings along. */
  sides: Record<Key, Value>
  /** Those of them that are recorded, to be put back with this change, as they were before it. */
  sidesBefore?: Record<Key, Cell>
  /** Keys that a service reads: needed to undo its restart. */
  reads?: Key[]
  blob?: Blob
  /** Why, in words, when it is not plain from the verb. */
  why?: string
  /** Prints who else is at work on the same thing; the write waits until it prints nothing. */
  awaits?: string
  /** The write script's body; empty while `after` is unknown. */
  script: string
}

/**
 * How one kind of host object is read, wanted and written. Diff is "want differs from have", predict is
 * "want", undo is `restore` of the cell that was there before.
 */
export interface Kind<O> {
  reading(object: O): Reading<Cell>
  /** The change that makes the object true, or nothing when it is true already. */
  plan(object: O, view: View): Change | undefined
  /** Absent where another kind's cells are written (an edit writes a file). */
  undo?: Undoer
}

/** How a cell is put back to what the manifest says was there before; by key, without the object. */
export interface Undoer {
  /** `file`, `link`, …: the part of the key before the colon. */
  prefix: string
  reading(name: string, reads: Key[]): Reading<Cell>
  restore(name: string, to: Cell, from: Cell): string
  /** See `Change`. */
  awaits?(name: string): string
  /** What must happen before anything else is put back: a daemon of ours stops before its files go. */
  halt?(name: string, to: Cell): string
  /** Whether `have` is as good as `wanted`; default: equal. */
  holds?(wanted: Cell, have: Cell): boolean
  /** Temporary paths that an interrupted write of this key may have left. */
  leftovers?(name: string): string[]
}

export function resolve<T>(lazy: Lazy<T>): T {
  return typeof lazy === 'function' ? (lazy as () => T)() : lazy
}
