import type { Charm } from '../lifecycle/charm.ts'
import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import type { Machine } from '../model/declaration.ts'
import type { ModelStore } from '../state/store.ts'
import type { NodeSession } from './node-session.ts'
import type { ProvideBlob } from './provide-blob.ts'

/** Opens a session. `prepare` comes first: it asks for what all these logins need. */
export interface OpenMachine {
  (machine: Machine): Promise<NodeSession>
  prepare?(machines: readonly Machine[]): Promise<void>
}

/** What every operation works with. Tests bring their own sessions and store. */
export interface Workspace {
  store: ModelStore
  /** The model's name. */
  name: string
  charms: Record<string, Charm>
  /** Who is at work, for locks: `alice@laptop, kcharm deploy`. */
  holder: string
  open: OpenMachine
  /** Sees to it that the bytes which a change needs lie on the machine. */
  provideBlob: ProvideBlob
  /** What `env:NAME` or `file:PATH` in an option stands for here. */
  secret?(this: void, reference: string): string
  /** How long others may hold what a step needs; default five minutes. */
  patienceMs?: number
  /** Follows the run; the journal hears the same. */
  follow(machine: string, event: LifeEvent | StepProgress): void
}
