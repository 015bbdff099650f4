import { stringify } from 'yaml'
import { maskValue } from './mask.ts'

/** A report as YAML, its secrets masked. */
export function renderYaml(report: object): string {
  return stringify(maskValue(report), { lineWidth: 0 })
}
