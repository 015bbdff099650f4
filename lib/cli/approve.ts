import { createInterface } from 'node:readline/promises'
import { KcharmError } from '../errors/index.ts'

/** Asks whether to go on. Throws `declined`, also where there is nobody to ask. */
export async function approve(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new KcharmError(
      'declined',
      'the changes were shown, and nobody could be asked: standard input is no terminal',
      {
        hint: 'look at them, then add --yes',
      },
    )
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `)
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw new KcharmError('declined', 'nothing was changed')
}
