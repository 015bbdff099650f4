import type { Key } from '../host/view.ts'
import { type Holding, holdings, type Line } from './manifest.ts'
import type { Unit } from './unit.ts'

/** By stage, the keys that it wants. */
type WantedKeys = Record<string, Key[]>

/** What these stages once made and no longer want; without what an earlier revision would need again. */
export function staleHoldings(lines: Line[], unit: Unit, wanted: WantedKeys): Holding[] {
  const kept = unit.kept.flatMap(({ keys }) => keys)
  return unwanted(lines, unit, wanted).filter(({ key }) => !kept.includes(key))
}

/** What only the revision that is left needs. */
export function leftBehind(lines: Line[], unit: Unit, wanted: WantedKeys): Key[] {
  return staleHoldings(lines, unit, wanted).map(({ key }) => key)
}

function unwanted(lines: Line[], unit: Unit, wanted: WantedKeys): Holding[] {
  return holdings(lines, unit.name).filter((held) => {
    const keys = wanted[held.stage]
    return keys !== undefined && !keys.includes(held.of) && !held.key.startsWith('svc:')
  })
}
