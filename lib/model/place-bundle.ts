import { bindMachines, type Binding } from './bind-machines.ts'
import type { Bundle } from './bundle.ts'
import type { Machine } from './declaration.ts'
import { refusal } from './faults.ts'
import { mapRecord } from './map-record.ts'
import { placed } from './placement.ts'

export interface Placing {
  machines: Machine[]
  bound: Record<string, string>
  /** Machine names by application. */
  places: Record<string, string[]>
}

/** Binds the bundle's machines and places its applications on them. */
export function placings(bundle: Bundle, binding: Binding): Placing {
  const { machines, faults } = bindMachines(bundle, binding)
  const everybody = [...new Set(machines.values())]
  const needed = Object.values(bundle.applications).some(
    ({ placement }) => placement.targets.length > 0 && placement.units !== 0,
  )
  if (everybody.length === 0 && needed && faults.length === 0) {
    faults.push('no machines: expected an inventory, or --machine NAME=ADDRESS')
  }
  // A machine that is not bound has its own fault; what stands on it would only repeat that.
  const found = faults.length > 0 ? [] : faults
  const places = mapRecord(bundle.applications, (app, { placement }) =>
    placed(placement, { app, machines, faults: found }).map(({ name }) => name),
  )
  const all = faults.length > 0 ? faults : found
  if (all.length > 0) throw refusal('invalid-inventory', `${bundle.file} with these machines`, all)
  const bound = Object.fromEntries([...machines].map(([id, { name }]) => [id, name]))
  return { machines: everybody, bound, places }
}
