import { KcharmError } from '../../errors/index.ts'
import type { Machine, Model } from '../../model/declaration.ts'
import { problemText } from '../../model/faults.ts'

/** The machine of that name; `not-found` with a near miss otherwise. */
export function requireMachine(model: Model, name: string): Machine {
  const found = Object.hasOwn(model.machines, name) ? model.machines[name] : undefined
  if (found) return found
  const meant = { word: name, among: Object.keys(model.machines) }
  throw new KcharmError('not-found', problemText({ path: [], what: `the model has no machine ${name}`, meant }))
}
