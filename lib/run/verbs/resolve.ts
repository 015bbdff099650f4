import type { SeenUnit } from '../../state/stored-model.ts'
import type { Verb } from '../verb.ts'
import { requireUnit } from './require-unit.ts'

/** `resolve UNIT`: its life is walked again now, whatever it refused before. */
export function resolveUnit(name: string, units: SeenUnit[]): Verb {
  const unit = requireUnit(name, units)
  return {
    title: `resolve ${name}`,
    declare: (before) => ({ ...before, machines: [unit.machine], only: name }),
  }
}
