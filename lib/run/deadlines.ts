import type { Key } from '../host/view.ts'

/**
 * Every wait of a run, in seconds: longer than anything honest takes. What a machine has not done by then it ends itself, so that
 * its lock is free again; a connection on which not even that is answered is given up soon after.
 */
export const DEADLINES = {
  /** One login, from the first packet on; it stands still while a person is asked. */
  login: 20,
  /** Whatever only looks. */
  reading: 180,
  /** Some other program's hold on the package manager. */
  others: 300,
  /** A command of the operator's that prints a secret. */
  secret: 60,
  /** A person's answer. */
  question: 900,
  /** An archive that the machine fetches, whole. One that the operator fetches, or sends: for so long it may stand still. */
  download: 1800,
  stall: 120,
  /** Our own notes and folders. */
  note: 60,
  sweep: 900,
  /** Steps, by what they change. */
  package: 1800,
  index: 600,
  service: 600,
  unpack: 1800,
  write: 300,
}

export type Deadlines = typeof DEADLINES

/** For a step that changes this cell. */
export function stepDeadline(key: Key, deadlines: Deadlines): number {
  return deadlines[STEPS[key.slice(0, key.indexOf(':'))] ?? 'write']
}

const STEPS: Record<string, keyof Deadlines> = {
  pkg: 'package',
  deb: 'package',
  index: 'index',
  svc: 'service',
  tree: 'unpack',
}

/** The usual deadlines, with no step longer than that. */
export function stepsWithin(seconds: number): Deadlines {
  const names = new Set<string>([...Object.values(STEPS), 'write'])
  const entries = Object.entries(DEADLINES).map(([name, usual]) => [
    name,
    names.has(name) ? Math.min(usual, seconds) : usual,
  ])
  return Object.fromEntries(entries) as Deadlines
}
