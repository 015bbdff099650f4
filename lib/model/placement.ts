import { problemText, quote, type Problem } from './faults.ts'
import type { Machine } from './declaration.ts'

/** A machine by the name that the bundle uses, or every machine with a tag or a variable's value. `at`: `file:line:column`. */
export type Target = { at: string } & ({ machine: string } | { tag: string } | { variable: string; value: string })

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

/** `tag=gpu`, `rack=r1` or a machine's name. */
export function parseTarget(text: string, at: string): Target {
  if (!isCommon(text)) return { machine: text, at }
  const cut = text.indexOf('=')
  const [variable, value] = [text.slice(0, cut), text.slice(cut + 1)]
  return variable === 'tag' ? { tag: value, at } : { variable, value, at }
}

/** Several machines may have it in common. */
export function isCommon(text: string): boolean {
  return text.includes('=')
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
    if ('variable' in target) return all.filter((each) => valuesOf(each, target.variable).includes(target.value))
    const machine = machines.get(target.machine)
    return machine === undefined ? [] : [machine]
  }

  function report(target: Target): void {
    if (answering(target).length > 0) return
    fault(target.at, 'to', missingOf(target, machines))
  }
}

/** None or one, as text: what a placement can be compared with. */
function valuesOf({ variables = {} }: Machine, name: string): string[] {
  return Object.hasOwn(variables, name) ? [String(variables[name])] : []
}

function missingOf(target: Target, machines: ReadonlyMap<string, Machine>): Omit<Problem, 'path'> {
  const all = [...machines.values()]
  if ('tag' in target) {
    const known = all.flatMap(({ tags }) => tags)
    return {
      what: `no machine has the tag ${quote(target.tag)}`,
      meant: { word: target.tag, among: [...new Set(known)] },
    }
  }
  if ('machine' in target) {
    const word = target.machine
    return { what: `unknown machine ${quote(word)}`, meant: { word, among: [...machines.keys()] } }
  }
  const { variable, value } = target
  const values = all.flatMap((machine) => valuesOf(machine, variable))
  if (values.length > 0) {
    const what = `no machine has ${variable}=${quote(value)}`
    return { what, meant: { word: value, among: [...new Set(values)] } }
  }
  const names = all.flatMap(({ variables = {} }) => Object.keys(variables))
  return {
    what: `no machine has the variable ${quote(variable)}`,
    meant: { word: variable, among: [...new Set(names)] },
  }
}
