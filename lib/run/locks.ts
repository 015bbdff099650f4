import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { KcharmError } from '../errors/index.ts'
import type { Machine } from '../model/declaration.ts'
import type { LockHolder } from '../state/store.ts'
import { machineError } from './fleet.ts'
import { endSession, type MachineHolder, readMachineHolder } from './machine-lock.ts'
import type { NodeSession } from './node-session.ts'
import type { Workspace } from './workspace.ts'

/** A machine's lock as it was seen; neither holder nor error: it is free. */
export interface MachineLock {
  machine: string
  held?: MachineHolder
  error?: KcharmError
}

export interface Locks {
  /** Absent: nobody works on the model. */
  model?: LockHolder
  machines: MachineLock[]
}

/** Who works on the model and on these machines. Changes nothing and waits for nobody. */
export async function readLocks(work: Workspace, machines: Machine[]): Promise<Locks> {
  const model = await work.store.holder(work.name)
  const seen = await onMachines(work, machines, async (session) => {
    const held = await readMachineHolder(session)
    return held ? { held } : {}
  })
  return { ...(model ? { model } : {}), machines: seen }
}

/**
 * Ends the sessions that were seen to hold these machines; a step that runs is waited for, `patienceMs` at most. What was begun
 * there is in the manifest, and the next run goes on with it. The model's lock goes only when its process is of another host.
 * Throws `locked` for one of this host, before anything is ended.
 */
export async function breakLocks(
  work: Workspace,
  { seen, machines, patienceMs }: { seen: Locks; machines: Machine[]; patienceMs: number },
): Promise<MachineLock[]> {
  assertBreakable(work.name, seen)
  const held = new Map(seen.machines.flatMap((each) => (each.held ? [[each.machine, each.held]] : [])))
  const concerned = machines.filter(({ name }) => held.has(name))
  const { journal, note } = noteDown(work, concerned)
  try {
    if (seen.model) await work.store.breakLock(work.name, seen.model)
    const broken = await onMachines(work, concerned, async (session, machine) => {
      const holder = held.get(machine.name)
      if (holder) await endHolder(session, { machine: machine.name, holder, patienceMs })
      return {}
    })
    const code = broken.find(({ error }) => error)?.error?.code ?? 'ok'
    journal.append({ ...note(), t: 'end', code })
    return broken
  } finally {
    journal.close()
  }
}

/** Throws `locked` when the model is held by a process that can be ended by whoever sits here. */
export function assertBreakable(name: string, { model }: Locks): void {
  if (model?.here !== true) return
  throw new KcharmError('locked', `the model ${name} is in use by ${model.holder}, which is alive`, {
    hint: `end that one, and the lock goes with it: Ctrl-C where it runs, or kill ${model.pid}`,
  })
}

async function endHolder(
  session: NodeSession,
  { machine, holder, patienceMs }: { machine: string; holder: MachineHolder; patienceMs: number },
): Promise<void> {
  const until = Date.now() + patienceMs
  for (;;) {
    if (holder.session !== undefined) await endSession(session, holder.session)
    const now = await readMachineHolder(session)
    if (now === undefined || (now.session !== undefined && now.session !== holder.session)) return
    if (Date.now() >= until) throw stillRuns(machine, now)
    await sleep(500)
  }
}

function stillRuns(machine: string, { holder, step }: MachineHolder): KcharmError {
  const which = step.length > 0 ? ` (process ${step.join(', ')} there)` : ''
  return new KcharmError(
    'locked',
    `${machine}: a step of ${holder} still runs${which}, and is not cut off in the middle`,
    {
      machine,
      hint: 'look at what it does there; once it has ended: kcharm lock break',
    },
  )
}

function noteDown(work: Workspace, machines: Machine[]) {
  const journal = work.store.journal(work.name)
  const op = randomBytes(4).toString('hex')
  const note = () => ({ at: new Date().toISOString(), op })
  const title = ['lock break', ...machines.map(({ name }) => name)].join(' ')
  journal.append({ ...note(), t: 'begin', title, holder: work.holder })
  return { journal, note }
}

async function onMachines(
  work: Workspace,
  machines: Machine[],
  what: (session: NodeSession, machine: Machine) => Promise<Omit<MachineLock, 'machine'>>,
): Promise<MachineLock[]> {
  await work.open.prepare?.(machines)
  return await Promise.all(
    machines.map(async (machine): Promise<MachineLock> => {
      const at = { machine: machine.name }
      try {
        const session = await work.open(machine)
        try {
          return { ...at, ...(await what(session, machine)) }
        } finally {
          await session.close()
        }
      } catch (thrown) {
        return { ...at, error: machineError(thrown, machine.name) }
      }
    }),
  )
}
