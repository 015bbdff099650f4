import type { Charm } from '../lifecycle/charm.ts'
import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import type { Machine } from '../model/declaration.ts'
import type { StoredModel } from '../state/stored-model.ts'
import type { ModelStore } from '../state/store.ts'
import type { Deadlines } from './deadlines.ts'
import type { NodeSession } from './node-session.ts'
import type { ProvideBlob } from './provide-blob.ts'
import type { RunTime } from './run-time.ts'

/** Opens a session. `prepare` comes first: it asks for what all these logins need. */
export interface OpenMachine {
  (machine: Machine): Promise<NodeSession>
  prepare?(machines: readonly Machine[]): Promise<void>
}

/** What a reference in an option stands for here. `prepare` comes first: it asks what has to be asked. */
export interface Secrets {
  (reference: string): string
  prepare?(this: void, references: readonly string[]): Promise<void>
}

/** What every operation works with. Tests bring their own sessions and store. */
export interface Workspace {
  store: ModelStore
  /** The model's name. */
  name: string
  charms: Record<string, Charm>
  /** Called with what is remembered of the model before that is worked with: its charms may lie in folders. */
  recall?(stored: StoredModel): Promise<void>
  /** Who is at work, for locks: `alice@laptop, kcharm deploy`. */
  holder: string
  open: OpenMachine
  /** Sees to it that the bytes which a change needs lie on the machine. */
  provideBlob: ProvideBlob
  /** Absent: options hold none. */
  secret?: Secrets
  /** Other than the usual ones. */
  deadlines?: Partial<Deadlines>
  /** Absent: it has no end. */
  time?: RunTime
  /** A line for people, beside what units do. */
  say?(line: string): void
  /** Follows the run; the journal hears the same. */
  follow(machine: string, event: LifeEvent | StepProgress): void
}
