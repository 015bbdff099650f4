import type { Ask } from './ask.ts'

/** A time limit for the other side: it stands still while a person on this side is asked. Runs from `run` on. */
export class Deadline {
  #left: number
  /** When it last began to run; undefined while it stands still. */
  #since: number | undefined
  #timer: NodeJS.Timeout | undefined
  #late: (() => void) | undefined

  constructor(ms: number) {
    this.#left = ms
  }

  /** Milliseconds; may be below zero. */
  get left(): number {
    return this.#since === undefined ? this.#left : this.#left - (Date.now() - this.#since)
  }

  run(): void {
    this.#since ??= Date.now()
  }

  /** Calls `late` when the time is over, until `unwatch`. */
  watch(late: () => void): void {
    this.#late = late
    this.#timer = setTimeout(late, Math.max(1, this.left))
  }

  unwatch(): void {
    clearTimeout(this.#timer)
    this.#late = undefined
  }

  pausedFor(ask: Ask): Ask {
    return async (question, how) => {
      if (this.#since === undefined) return await ask(question, how)
      this.#left = this.left
      this.#since = undefined
      clearTimeout(this.#timer)
      try {
        return await ask(question, how)
      } finally {
        this.#since = Date.now()
        if (this.#late) this.watch(this.#late)
      }
    }
  }
}
