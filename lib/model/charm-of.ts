import { KcharmError } from '../errors/index.ts'
import type { CharmMeta } from './charm-meta.ts'
import type { Application } from './declaration.ts'

/** What models and records call a charm: its name, and the revision of one from a folder, `crictl@0123456789abcdef`. */
export function charmKey({ name, revision }: Pick<CharmMeta, 'name' | 'revision'>): string {
  return revision === undefined ? name : `${name}@${revision}`
}

/** The charm comes from a folder. */
export function isForeign(key: string): boolean {
  return key.includes('@')
}

/** The same charm, perhaps in another revision. */
export function isSameCharm(one: string, other: string): boolean {
  return one === other || (isForeign(one) && isForeign(other) && nameOf(one) === nameOf(other))
}

/** The charm of a key, but not what every object has from birth (`constructor`). */
export function charmOf<C extends CharmMeta>(key: string, charms: Record<string, C>): C | undefined {
  return Object.hasOwn(charms, key) ? charms[key] : undefined
}

/** As `charmOf`; where a record speaks of a revision that is not at hand, another one of the same charm. */
export function recordedCharm<C extends CharmMeta>(key: string, charms: Record<string, C>): C | undefined {
  const exact = charmOf(key, charms)
  if (exact || !isForeign(key)) return exact
  return Object.values(charms).findLast((charm) => charm.revision !== undefined && charm.name === nameOf(key))
}

/** Throws `not-found` where the application's charm is not at hand. */
export function requireCharmOf<C extends CharmMeta>(
  { name, charm: key }: Pick<Application, 'name' | 'charm'>,
  charms: Record<string, C>,
): C {
  const charm = charmOf(key, charms)
  if (charm) return charm
  throw noCharm(`application ${name}`, key)
}

export function noCharm(whose: string, key: string): KcharmError {
  const hint = 'say where its folder is: in a bundle, kcharm deploy ./FOLDER, or kcharm upgrade APP --path ./FOLDER'
  return new KcharmError('not-found', `${whose}: there is no charm ${key}`, isForeign(key) ? { hint } : {})
}

function nameOf(key: string): string {
  return key.slice(0, key.indexOf('@'))
}
