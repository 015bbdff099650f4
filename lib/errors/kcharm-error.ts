import { CODES, type Code } from './codes.ts'

export interface ErrorDetail {
  /** What to do about it, as one sentence or command. */
  hint?: string
  unit?: string
  machine?: string
  step?: string
  /** Several faults found at once, each complete in itself (`file:line:column: …`). */
  faults?: string[]
  cause?: unknown
}

/** The only error that reaches a user. `message` says what failed and what was expected. */
export class KcharmError extends Error {
  readonly code: Code
  readonly detail: ErrorDetail

  constructor(code: Code, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'KcharmError'
    this.code = code
    this.detail = detail
  }

  get exit(): number {
    return CODES[this.code].exit
  }
}

/** Turns whatever was thrown into a KcharmError; an unknown throw is a fault of kcharm itself. */
export function toKcharmError(thrown: unknown): KcharmError {
  if (thrown instanceof KcharmError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new KcharmError('internal', message, { cause: thrown })
}
