import type { Json } from '../model/json.ts'

/** The name of one thing that can be observed or changed: `file:/etc/x`, `pkg:runc`, `svc:containerd`. */
export type Key = string
export type Cell = Json

/**
 * A value that will exist but is not known yet. `term` is its structural name: two unknowns with equal terms
 * are the same value.
 */
export interface Unknown {
  unknown: string
  term: string
  /** Edits by id that were laid over an unknown text, each with its intent. */
  edits?: Record<string, string>
}
export type Value = Cell | Unknown

export function isUnknown(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && 'unknown' in value && 'term' in value
}

/**
 * One typed reading of a machine. `script` is POSIX sh that prints a frame and changes nothing.
 * `lasting` says what of our own doing can change it: `cell`: only a change of this key; `fact`: nothing;
 * `effect`: any change on the machine (what a daemon reports, for instance).
 */
export interface Reading<T> {
  key: Key
  script: string
  lasting: 'cell' | 'fact' | 'effect'
  /** Of a service: what it reads at start, without which the reading cannot be made again. */
  reads?: Key[]
  parse(frame: string): T
}

/** What stages and host objects see of a machine. Neither can change it. */
export interface View {
  /** Throws `NotYet` when a planned change decides it, `Unread` when it has not been read. */
  read<T>(reading: Reading<T>): T
  /** As `read`, but an undecided value comes back as `Unknown`. */
  peek<T>(reading: Reading<T>): T | Unknown
  /** Has this run (or this plan) changed the key? */
  touched(key: Key): boolean
}

export class NotYet extends Error {
  readonly value: Unknown

  constructor(value: Unknown) {
    super(value.unknown)
    this.name = 'NotYet'
    this.value = value
  }
}

export class Unread extends Error {
  readonly readings: Reading<unknown>[]

  constructor(readings: Reading<unknown>[]) {
    super(`not read yet: ${readings.map((reading) => reading.key).join(', ')}`)
    this.name = 'Unread'
    this.readings = readings
  }
}
