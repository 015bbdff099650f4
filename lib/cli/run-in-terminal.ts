import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { KcharmError } from '../errors/index.ts'

/** Gives the terminal to another program until it ends; its exit status, 128 and more after a signal. */
export async function runInTerminal(program: string, words: string[]): Promise<number> {
  const child = spawn(program, words, { stdio: 'inherit' })
  // Ctrl-C is for the program that has the terminal.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  try {
    const [status] = (await once(child, 'exit')) as [number | null]
    return status ?? 130
  } catch (cause) {
    throw new KcharmError('not-found', `${program} cannot be started here`, {
      hint: 'install the OpenSSH client',
      cause,
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}
