import type { LifeEvent } from '../lifecycle/events.ts'
import type { StoredModel } from './stored-model.ts'

/** Where the operator's side keeps its models: a folder today; anything that keeps these promises tomorrow. */
export interface ModelStore {
  /** For messages: where the model is kept. */
  where(name: string): string
  /** Nothing when the model was never stored; `no-model` when what is stored cannot be read. */
  read(name: string): Promise<StoredModel | undefined>
  /** Whole or not at all, and on disk when it returns. */
  write(stored: StoredModel): Promise<void>
  /** One operation per model at a time. Throws `locked`, naming the holder; a dead process holds nothing. */
  lock(name: string, holder: string): Promise<Lock>
  /** Who holds that lock; nothing when nobody does. */
  holder(name: string): Promise<LockHolder | undefined>
  /** Takes the lock from this holder, whose process cannot be judged from here. */
  breakLock(name: string, holder: LockHolder): Promise<void>
  journal(name: string): Journal
  /** The names of all models, sorted. */
  list(): Promise<string[]>
  /** Forgets the model and its journal. */
  forget(name: string): Promise<void>
}

export interface Lock {
  release(): Promise<void>
}

export interface LockHolder {
  /** As it calls itself: `alice@laptop (kcharm deploy, process 17)`. */
  holder: string
  host: string
  pid: number
  /** ISO time. */
  since: string
  /** Its process is one of this host, and alive. */
  here: boolean
}

/** What was done, in order. History only: nothing is decided by it. */
export interface Journal {
  /** On disk when it returns. */
  append(entry: JournalEntry): void
  read(): Promise<JournalEntry[]>
  close(): void
}

export type JournalEntry = { at: string; op: string } & JournalFact

export type JournalFact =
  | { t: 'begin'; title: string; holder: string }
  | { t: 'event'; machine: string; event: LifeEvent }
  | { t: 'failed'; machine: string; code: string; message: string }
  | { t: 'end'; code: string }
