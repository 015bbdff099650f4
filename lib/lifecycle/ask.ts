import type { Change } from '../host/kind.ts'
import { type Reading, Unread, type View } from '../host/view.ts'
import type { Check } from './charm.ts'
import type { LifeEvent } from './events.ts'
import type { Line } from './manifest.ts'

/** What the driver wants of its backend. A plan's backend answers from an overlay, a run's from the machine. */
export type Ask =
  | { do: 'read'; readings: Reading<unknown>[] }
  | { do: 'write'; unit: string; stage: string; change: Change; before: Line[]; after: Line[] }
  | { do: 'check'; unit: string; check: Check }
  | { do: 'note'; lines: Line[] }
  | { do: 'tell'; event: LifeEvent }

/** The answer to a check: a fault in words; to all else nothing. */
export type Answer = string | undefined

/** The step itself failed; a lost connection is another kind of error and passes through the driver. */
export class StepFailed extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'StepFailed'
    this.hint = hint
  }
}

export interface Surroundings {
  view: View
  /** A plan: what an earlier planned change decides may stay open. */
  foresees: boolean
  /** An upgrade that fails is left as it is, for somebody to look at. */
  keepsFailed?: boolean
  /** Whether somebody has agreed to what a stage asks; absent: to everything. */
  agreed?(this: void, unit: string, what: string): boolean
  /** Names a new operation. */
  operation(): string
  /** Takes the driver's rules out, one at a time: for the tests that show what each rule is for. */
  without?: { frozenInputs?: true; peersAtRest?: true; lostIsNeither?: true; refused?: true }
}

/** Evaluates something pure, fetching each reading that it lacks. */
export function* needed<T>(make: () => T): Generator<Ask, T, Answer> {
  for (;;) {
    try {
      return make()
    } catch (thrown) {
      if (!(thrown instanceof Unread)) throw thrown
      yield { do: 'read', readings: thrown.readings }
    }
  }
}
