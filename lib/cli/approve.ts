import { KcharmError } from '../errors/index.ts'
import { DEADLINES } from '../run/deadlines.ts'
import { ENDLESS, type RunTime } from '../run/run-time.ts'
import { answered } from './answered.ts'

interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean }
  output: NodeJS.WritableStream
  /** Absent: an answer may take as long as a question waits. */
  time?: RunTime | undefined
}

/** What cannot be taken back needs a word of its own; a yes to all is none. */
export async function agree(asks: string[], accepted: boolean, terminal: Partial<Terminal> = {}): Promise<void> {
  if (asks.length === 0 || accepted) return
  if ((terminal.input ?? process.stdin).isTTY !== true) {
    const hint = 'look at it, then add --accept'
    throw new KcharmError('declined', `the plan cannot be taken back everywhere: ${asks.join('; ')}`, { hint })
  }
  await approve(`${asks.join('; ')}. Go on all the same?`, terminal)
}

/** Asks whether to go on. Throws `declined`, also where there is nobody to ask. */
export async function approve(
  question: string,
  { input = process.stdin, output = process.stderr, time = ENDLESS }: Partial<Terminal> = {},
): Promise<void> {
  if (input.isTTY !== true) {
    const message = 'the changes were shown, and nobody could be asked: standard input is no terminal'
    throw new KcharmError('declined', message, { hint: 'look at them, then add --yes' })
  }
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input, output })
  try {
    const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
    const answer = await answered(
      Promise.race([terminal.question(`${question} [y/N] `), ended]),
      time.within(DEADLINES.question),
    )
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw new KcharmError('declined', 'nothing was changed')
}
