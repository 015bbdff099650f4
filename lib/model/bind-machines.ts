import type { Bundle, BundleMachine } from './bundle.ts'
import type { Machine } from './declaration.ts'
import { problemText, quote } from './faults.ts'
import { machineAt } from './inventory.ts'

export interface Binding {
  inventory: readonly Machine[]
  /** `--machine ID=NAME` or `ID=[USER@]HOST[:PORT]`, by the bundle's name for the machine. */
  bind: Record<string, string>
  /** What the bundle's names were bound to at the last deploy, so that a tag does not find another machine today. */
  bound: Record<string, string>
}

interface Bound {
  /** By the bundle's name for it; without `machines:` by its own name and by those of `--machine`. */
  machines: Map<string, Machine>
  faults: string[]
}

/** Finds the machines that a bundle speaks of: by `--machine`, by equal name, as last time, or by tags. */
export function bindMachines(bundle: Bundle, binding: Binding): Bound {
  if (bundle.machines === undefined) return { machines: asTheyAre(binding), faults: [] }
  const wishes = Object.entries(bundle.machines)
  const machines = new Map<string, Machine>()
  const taken = new Map<string, string>()
  for (const way of [given, byName, asBefore, byTags]) {
    for (const [id, wish] of wishes) {
      const machine = machines.has(id) ? undefined : way(id, wish, { ...binding, isFree: (name) => !taken.has(name) })
      if (machine === undefined || taken.has(machine.name)) continue
      machines.set(id, { ...machine, tags: [...new Set([...machine.tags, ...wish.tags])] })
      taken.set(machine.name, id)
    }
  }
  const inOrder = wishes.flatMap(([id]) => {
    const machine = machines.get(id)
    return machine === undefined ? [] : [[id, machine] as const]
  })
  const unbound = wishes.filter(([id]) => !machines.has(id)).map(([id, wish]) => unboundFault(id, wish, binding))
  return {
    machines: new Map(inOrder),
    faults: [
      ...unknownNames(
        binding,
        wishes.map(([id]) => id),
      ),
      ...unbound,
    ],
  }
}

function asTheyAre(binding: Binding): Map<string, Machine> {
  const own = binding.inventory.map((machine) => [machine.name, machine] as const)
  const named = Object.keys(binding.bind).flatMap((id) => {
    const machine = given(id, undefined, binding)
    return machine === undefined ? [] : [[id, machine] as const]
  })
  return new Map([...own, ...named])
}

type Way = (
  id: string,
  wish: BundleMachine,
  binding: Binding & { isFree: (name: string) => boolean },
) => Machine | undefined

function given(id: string, _wish: unknown, { inventory, bind }: Binding): Machine | undefined {
  const text = Object.hasOwn(bind, id) ? bind[id] : undefined
  if (text === undefined) return undefined
  const known = inventory.find(({ name }) => name === text) ?? inventory.find(({ address }) => address === text)
  return known ?? machineAt(text, { name: id })
}

const byName: Way = (id, _wish, { inventory, bind }) => {
  return Object.hasOwn(bind, id) ? undefined : inventory.find(({ name }) => name === id)
}

const asBefore: Way = (id, wish, { inventory, bind, bound }) => {
  const before = Object.hasOwn(bound, id) && !Object.hasOwn(bind, id) ? bound[id] : undefined
  return inventory.find((machine) => machine.name === before && hasTags(machine, wish))
}

const byTags: Way = (id, wish, { inventory, bind, isFree }) => {
  if (wish.tags.length === 0 || Object.hasOwn(bind, id)) return undefined
  return inventory.find((machine) => isFree(machine.name) && hasTags(machine, wish))
}

function hasTags(machine: Machine, { tags }: BundleMachine): boolean {
  return tags.every((tag) => machine.tags.includes(tag))
}

function unboundFault(id: string, { tags, at }: BundleMachine, { bind }: Binding): string {
  const text = Object.hasOwn(bind, id) ? bind[id] : undefined
  const byTag = tags.length === 0 ? '' : `, a free one with the tags ${tags.join(' and ')}`
  const problem =
    text === undefined
      ? { what: 'no machine for it', says: `expected ${id} in the inventory${byTag}, or --machine ${id}=NAME|ADDRESS` }
      : { what: `${quote(text)} is bound to another name already`, says: 'expected each machine once' }
  return `${at}: ${problemText({ path: ['machines', id], ...problem })}`
}

function unknownNames({ bind }: Binding, among: string[]): string[] {
  const unknown = Object.keys(bind).filter((id) => !among.includes(id))
  return unknown.map((id) =>
    problemText({ path: [], what: `--machine: unknown machine ${quote(id)}`, meant: { word: id, among } }),
  )
}
