import { closeSync, openSync } from 'node:fs'
import { Writable } from 'node:stream'
import { harmless } from '../report/terminal-text.ts'
import { DEADLINES } from '../run/deadlines.ts'
import type { Ask } from '../run/open-machine.ts'
import type { RunTime } from '../run/run-time.ts'
import { answered, unanswered } from './answered.ts'

/** Asks at the terminal that this process belongs to, as ssh does: also where input and output are pipes. Undefined where there is none. */
export function terminalAsker(time: RunTime): Ask | undefined {
  if (!hasTerminal()) return undefined
  let last: Promise<unknown> = Promise.resolve()
  return (question, how) => {
    const answer = last.then(() => askOne(question, how, time.within(DEADLINES.question)))
    last = answer.catch(() => undefined)
    return answer
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return true
  } catch {
    return false
  }
}

async function askOne(question: string, { hidden }: { hidden: boolean }, seconds: number): Promise<string> {
  const [{ createInterface }, { ReadStream, WriteStream }] = await Promise.all([
    import('node:readline/promises'),
    import('node:tty'),
  ])
  const input = new ReadStream(openSync('/dev/tty', 'r'))
  const output = new WriteStream(openSync('/dev/tty', 'w'))
  // What is typed is echoed by readline, and goes nowhere here.
  const shown = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output
  const terminal = createInterface({ input, output: shown, terminal: true })
  try {
    output.write(harmless(question))
    const ended = new Promise<undefined>((resolve) => {
      terminal.once('close', () => resolve(undefined))
      terminal.once('SIGINT', () => resolve(undefined))
    })
    const answer = await answered(Promise.race([terminal.question(''), ended]), seconds)
    if (answer !== undefined) return answer
    throw unanswered()
  } finally {
    terminal.close()
    if (hidden) output.write('\n')
    input.destroy()
    output.destroy()
  }
}
