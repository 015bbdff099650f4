import { KcharmError } from '../errors/index.ts'

/**
 * The clock of one command: its waits take from here how long they may be. What looks, asks or logs in is given up when the
 * command's time is over. Once a machine changes, no step begins after that, and the one that runs keeps its own deadline: a
 * step that is ended midway is worse than one that is late.
 */
export interface RunTime {
  /** Of the seconds that a wait may take by itself those that are left, at least one: every wait fails in its own words. */
  within(seconds: number): number
  /** Aborted, with a KcharmError, when the time is over. Absent: it has no end. */
  over?: AbortSignal
}

export const ENDLESS: RunTime = { within: (seconds) => seconds }

/** So many seconds from now on. */
export function runTime(seconds: number): RunTime {
  const end = performance.now() + seconds * 1000
  const over = new AbortController()
  setTimeout(() => over.abort(timeOver(seconds)), seconds * 1000).unref()
  const left = (): number => Math.max(1, Math.ceil((end - performance.now()) / 1000))
  return { within: (own) => Math.min(own, left()), over: over.signal }
}

function timeOver(seconds: number): KcharmError {
  const hint = 'the same command again goes on; give it more: --timeout'
  return new KcharmError('interrupted', `the ${seconds} s that this command had were over`, { hint })
}
