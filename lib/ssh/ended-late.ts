import { KcharmError } from '../errors/index.ts'
import { ENDED_MARK } from './node-shell.ts'

/** A script hung: the machine has ended it, and all that it had started. What it did until then is found by reading. */
export class EndedLate extends KcharmError {
  /** How long it had, and what hung. */
  readonly what: string

  constructor(machine: string, { seconds, stderr }: { seconds: number; stderr: string }) {
    const what = `not done after ${seconds} s, so it was ended: ${culprits(stderr)}`
    super('unit-failed', `${machine}: ${what}`, {
      machine,
      hint: 'look there at what it waits for, then run this again',
    })
    this.what = what
  }
}

/** `apt-get install x (process 12), in it sleep 9 (process 17)`. */
function culprits(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith(ENDED_MARK))
  const [outermost = 'a step of the shell itself', ...others] = lines.map((line) => line.slice(ENDED_MARK.length))
  const innermost = others.at(-1)
  return innermost === undefined ? outermost : `${outermost}, in it ${innermost}`
}
