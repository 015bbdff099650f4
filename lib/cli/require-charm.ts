import { KcharmError } from '../errors/index.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { isCharmPath } from '../model/bundle-charms.ts'
import { problemText } from '../model/faults.ts'
import { charms } from './charms.ts'

/** The charm of that name; `not-found` with a near miss otherwise. */
export function requireCharm(name: string, hint?: string): Charm {
  const charm = Object.hasOwn(charms, name) ? charms[name] : undefined
  if (charm) return charm
  const meant = { word: name, among: Object.keys(charms) }
  const message = problemText({ path: [], what: `there is no charm ${name}`, meant })
  throw new KcharmError('not-found', message, hint === undefined ? {} : { hint })
}

/** A charm by its name, or by its folder. */
export async function namedCharm(name: string): Promise<Charm> {
  return isCharmPath(name) || name === '.' ? await loadedCharm(name) : requireCharm(name)
}

/** What loads charms is evaluated when one is to be loaded. */
export async function loadedCharm(folder: string): Promise<Charm> {
  const { loadCharm } = await import('./load-charm.ts')
  return await loadCharm(folder)
}
