import { KcharmError } from '../errors/index.ts'

interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean }
  output: NodeJS.WritableStream
}

/** Asks whether to go on. Throws `declined`, also where there is nobody to ask. */
export async function approve(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (input.isTTY !== true) {
    const message = 'the changes were shown, and nobody could be asked: standard input is no terminal'
    throw new KcharmError('declined', message, { hint: 'look at them, then add --yes' })
  }
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input, output })
  try {
    const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended])
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw new KcharmError('declined', 'nothing was changed')
}
