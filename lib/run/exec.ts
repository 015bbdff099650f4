import { randomBytes } from 'node:crypto'
import type { KcharmError } from '../errors/index.ts'
import type { Machine } from '../model/declaration.ts'
import { machineError } from './fleet.ts'
import type { Workspace } from './workspace.ts'

/** What one machine made of a command. */
export interface ExecRun {
  machine: string
  status?: number
  stdout?: string
  stderr?: string
  error?: KcharmError
}

/**
 * Runs a shell command as root on machines, each under its lock and for so long at most. What it changes is in no plan and no
 * manifest; that it ran, and where, is in the journal.
 */
export async function exec(
  work: Workspace,
  machines: Machine[],
  { command, deadlineMs }: { command: string; deadlineMs: number },
): Promise<ExecRun[]> {
  const journal = work.store.journal(work.name)
  const op = randomBytes(4).toString('hex')
  const note = () => ({ at: new Date().toISOString(), op })
  await work.open.prepare?.(machines)
  try {
    journal.append({
      ...note(),
      t: 'begin',
      title: `exec on ${machines.map(({ name }) => name).join(' ')}`,
      holder: work.holder,
    })
    const runs = await Promise.all(machines.map((machine) => execOn(work, machine, { command, deadlineMs })))
    const failed = runs.find(({ status, error }) => error !== undefined || status !== 0)
    journal.append({ ...note(), t: 'end', code: failed ? (failed.error?.code ?? 'unit-failed') : 'ok' })
    return runs
  } finally {
    journal.close()
  }
}

async function execOn(
  work: Workspace,
  machine: Machine,
  { command, deadlineMs }: { command: string; deadlineMs: number },
): Promise<ExecRun> {
  try {
    const session = await work.open(machine)
    try {
      await session.lock(work.holder)
      return { machine: machine.name, ...(await session.run(`( ${command}\n) 9>&-`, { deadlineMs })) }
    } finally {
      await session.close()
    }
  } catch (thrown) {
    return { machine: machine.name, error: machineError(thrown, machine.name) }
  }
}
