import { yamlOf } from './yaml-text.ts'

/** A bundle as YAML, as it stands: it is made to be deployed. */
export function renderBundle(bundle: object): string {
  return yamlOf(bundle)
}
