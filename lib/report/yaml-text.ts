import { stringify } from 'yaml'
import { maskValue } from './mask.ts'
import { escapedAsJson, harmless } from './terminal-text.ts'

/** A report as YAML, its secrets masked. */
export function renderYaml(report: object): string {
  return yamlOf(maskValue(report))
}

/** YAML that a terminal shows as it stands: where something could be obeyed, all strings are quoted and that is escaped. */
export function yamlOf(value: object): string {
  const text = stringify(value, { lineWidth: 0 })
  if (harmless(text) === text) return text
  return escapedAsJson(
    stringify(value, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' }),
  )
}
