import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { ended, type Operator, type Ran } from './cli.ts'

/** Kills it -9 when it tells this line of progress (from 1), or so many milliseconds later; its end, 137 unless it was faster. */
export async function killAtLine(
  operator: Operator,
  args: string[],
  { line, delayMs = 0 }: { line: number; delayMs?: number },
): Promise<Ran> {
  let told = 0
  return await killOn(operator, args, { on: () => ++told === line, delayMs })
}

/** The same at the first line of progress that a test asks for. */
export async function killOn(
  operator: Operator,
  args: string[],
  { on, delayMs = 0 }: { on(line: string): boolean; delayMs?: number },
): Promise<Ran> {
  const child = operator.start(...args)
  const end = ended(child)
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!on(line)) return
    if (delayMs === 0) child.kill('SIGKILL')
    else setTimeout(() => child.kill('SIGKILL'), delayMs)
  })
  return await end
}

/**
 * As a person does: again, while a step of the broken run still goes on. A command that names what it makes or ends refuses what was
 * declared before it was killed: then `kcharm resume`. Gives how it ended.
 */
export async function again(operator: Operator, args: string[], fine: number[] = [0]): Promise<Ran> {
  let words = args
  for (;;) {
    const ran = await operator.run(...words)
    if (fine.includes(ran.status)) return ran
    if (ran.status === 4 && words !== args) return ran // the model itself has gone
    const said = `kcharm ${words.join(' ')}: ${ran.status}\n${ran.stdout}${ran.stderr}`
    expect([3, 4, 6, 12], said).toContain(ran.status)
    if (ran.status === 6 || ran.status === 12) await sleep(300)
    else if (words === args) words = ['resume', '--yes']
    else throw new Error(said)
  }
}
