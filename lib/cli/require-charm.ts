import { charms } from '../../charms/index.ts'
import { KcharmError } from '../errors/index.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { problemText } from '../model/faults.ts'

/** The charm of that name; `not-found` with a near miss otherwise. */
export function requireCharm(name: string, hint?: string): Charm {
  const charm = Object.hasOwn(charms, name) ? charms[name] : undefined
  if (charm) return charm
  const meant = { word: name, among: Object.keys(charms) }
  const message = problemText({ path: [], what: `there is no charm ${name}`, meant })
  throw new KcharmError('not-found', message, hint === undefined ? {} : { hint })
}
