import { stringify } from 'yaml'
import type { UnitReport } from '../run/read-unit.ts'
import { maskValue } from './mask.ts'
import { harmless } from './terminal-text.ts'

/** One unit as YAML. */
export function renderUnit(report: UnitReport): string {
  const { unit, ...rest } = maskValue(report)
  return harmless(stringify({ [unit]: rest }, { lineWidth: 0 }))
}
