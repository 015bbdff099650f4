import { KcharmError } from '../errors/index.ts'
import { problemText } from '../model/faults.ts'
import type { JournalEntry } from '../state/store.ts'

/** One operation as the journal knows it. */
export interface Operation {
  op: string
  /** ISO time of its begin. */
  at: string
  title: string
  holder: string
  /** `ok` or a code of the table of errors; absent: it was cut off, or runs still. */
  result?: string
  /** By machine: how many changes were made there, and why it failed. */
  machines: Record<string, { changes: number; failed?: { code: string; message: string } }>
}

/** All operations, the oldest first. */
export function operationsOf(entries: JournalEntry[]): Operation[] {
  const operations = new Map<string, Operation>()
  for (const entry of entries) {
    const known = operations.get(entry.op)
    if (entry.t === 'begin') {
      const { op, at, title, holder } = entry
      operations.set(op, { op, at, title, holder, machines: {} })
    } else if (known) note(known, entry)
  }
  return [...operations.values()]
}

/** The operation whose id begins like this, and what was done in it. Throws `not-found`. */
export function operationOf(entries: JournalEntry[], id: string): { operation: Operation; entries: JournalEntry[] } {
  const all = operationsOf(entries)
  const [operation, ...others] = id === '' ? [] : all.filter(({ op }) => op.startsWith(id))
  if (operation && others.length === 0) return { operation, entries: entries.filter(({ op }) => op === operation.op) }
  const what = operation ? `several operations begin with ${id}` : `there is no operation ${id}`
  const among = all.map(({ op }) => op)
  throw new KcharmError('not-found', problemText({ path: [], what, meant: { word: id, among: among.slice(-20) } }))
}

function note(operation: Operation, entry: Exclude<JournalEntry, { t: 'begin' }>): void {
  if (entry.t === 'end') {
    operation.result = entry.code
    return
  }
  const machine = (operation.machines[entry.machine] ??= { changes: 0 })
  if (entry.t === 'failed') machine.failed = { code: entry.code, message: entry.message }
  else if (entry.event.kind === 'change') machine.changes++
}
