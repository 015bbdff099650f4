import type { Locks, MachineLock } from '../run/locks.ts'
import type { LockHolder } from '../state/store.ts'
import { errorJson } from './error-text.ts'
import { renderTable } from './table.ts'
import { oneLine } from './terminal-text.ts'
import { shownTime } from './time-text.ts'

/** Who holds the model and each machine, since when, and what is known of the process. */
export function renderLocks(model: string, locks: Locks): string {
  const rows = [
    [`model ${model}`, locks.model ? locks.model.holder : 'free', shownSince(locks.model), modelWords(locks.model)],
    ...locks.machines.map((lock) => [
      lock.machine,
      lock.error ? lock.error.code : lock.held ? lock.held.holder : 'free',
      shownSince(lock.held),
      machineWords(lock),
    ]),
  ]
  return renderTable([['Lock', 'Holder', 'Since', 'Process'], ...rows.map((row) => row.map((cell) => oneLine(cell)))])
}

export function locksJson(model: string, locks: Locks): object {
  return { model: { name: model, ...locks.model }, machines: locks.machines.map(machineJson) }
}

export function machineJson({ machine, held, error }: MachineLock): object {
  return { machine, ...held, ...(error ? errorJson(error) : {}) }
}

/** Who is to lose what, as a question's first half. */
export function holdersText(model: string, locks: Locks): string {
  const modelHolder = locks.model ? [`the model ${model} (${locks.model.holder})`] : []
  const machines = locks.machines.flatMap(({ machine, held }) => (held ? [`${machine} (${held.holder})`] : []))
  return oneLine([...modelHolder, ...machines].join(', '))
}

function shownSince(holder: { since: string } | undefined): string {
  return holder ? shownTime(holder.since) : ''
}

function modelWords(holder: LockHolder | undefined): string {
  if (holder === undefined) return ''
  return holder.here
    ? `process ${holder.pid} of this host`
    : `process ${holder.pid} of ${holder.host}: whether it lives cannot be seen from here`
}

function machineWords({ held, error }: MachineLock): string {
  if (error) return error.message
  if (held === undefined) return ''
  const session = held.session === undefined ? 'its session has ended' : `session ${held.session} there`
  return held.step.length > 0
    ? `${session}; a step runs (process ${held.step.join(', ')})`
    : `${session}; between steps`
}
