import { problemText, quote, type Problem } from './faults.ts'
import type { Machine } from './declaration.ts'

/** A machine by the name that the bundle uses, or every machine with a tag. `at`: `file:line:column`. */
export type Target = { machine: string; at: string } | { tag: string; at: string }

/** Where an application's units go. A subordinate has no targets: its units follow its relations. */
export interface Placement {
  targets: 'all' | Target[]
  /** The first so many of the targets. */
  units?: number
  /** Where the bundle says so, `file:line:column`. */
  at: string
}

/** The entries of `to`, written alone or as a list, each with its path below `to`. A wrong entry is left out. */
export function targetsOf(to: string | (string | undefined)[] | undefined): { text: string; below: number[] }[] {
  if (to === undefined) return []
  if (typeof to === 'string') return [{ text: to, below: [] }]
  return to.flatMap((text, index) => (text === undefined ? [] : [{ text, below: [index] }]))
}

/** `tag=gpu` or a machine's name. */
export function parseTarget(text: string, at: string): Target {
  return isTag(text) ? { tag: text.slice('tag='.length), at } : { machine: text, at }
}

export function isTag(text: string): boolean {
  return text.startsWith('tag=')
}

/**
 * The machines of a placement, each once, in the order of the targets.
 * `machines`: by the name that the bundle uses. Adds a fault for every target that no machine answers.
 */
export function placed(
  placement: Placement,
  { app, machines, faults }: { app: string; machines: ReadonlyMap<string, Machine>; faults: string[] },
): Machine[] {
  const all = [...machines.values()]
  const fault = (at: string, member: string, problem: Omit<Problem, 'path'>) =>
    faults.push(`${at}: ${problemText({ path: ['applications', app, member], ...problem })}`)
  const { targets, units, at } = placement
  const found = targets === 'all' ? all : targets.flatMap((target) => answering(target))
  const distinct = [...new Set(found)]
  const missing = targets !== 'all' && targets.some((target) => answering(target).length === 0)
  if (missing) for (const target of targets) report(target)
  else if (units !== undefined && units > distinct.length) {
    const names = distinct.map(({ name }) => name).join(', ') || 'none'
    fault(at, 'num_units', { what: `too few machines: ${names}`, says: `expected ${units}` })
  }
  return units === undefined ? distinct : distinct.slice(0, units)

  function answering(target: Target): Machine[] {
    if ('tag' in target) return all.filter(({ tags }) => tags.includes(target.tag))
    const machine = machines.get(target.machine)
    return machine === undefined ? [] : [machine]
  }

  function report(target: Target): void {
    if (answering(target).length > 0) return
    const tagged = 'tag' in target
    const known = tagged ? [...new Set(all.flatMap(({ tags }) => tags))] : [...machines.keys()]
    const word = tagged ? target.tag : target.machine
    const what = tagged ? `no machine has the tag ${quote(word)}` : `unknown machine ${quote(word)}`
    fault(target.at, 'to', { what, meant: { word, among: known } })
  }
}
