import { stringify } from 'yaml'

/** A bundle as YAML, as it stands: it is made to be deployed. */
export function renderBundle(bundle: object): string {
  return stringify(bundle, { lineWidth: 0 })
}
