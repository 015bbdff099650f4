import { KcharmError } from '../../errors/index.ts'
import { problemText } from '../../model/faults.ts'
import type { SeenUnit } from '../../state/stored-model.ts'

/** The unit of that name; `not-found` with a near miss otherwise. */
export function requireUnit(name: string, units: SeenUnit[]): SeenUnit {
  const found = units.find((each) => each.record.unit === name)
  if (found) return found
  const meant = { word: name, among: units.map((each) => each.record.unit) }
  throw new KcharmError('not-found', problemText({ path: [], what: `there is no unit ${name}`, meant }))
}
