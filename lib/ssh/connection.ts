import type { Client } from 'ssh2'
import type { Target } from './target.ts'

/** A login that stands. */
export interface Connection {
  readonly target: Target
  readonly client: Client
  /** Rejects with ConnectionLost when the connection ends, whoever ended it. */
  readonly lost: Promise<never>
  end(): void
}
