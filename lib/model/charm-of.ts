import type { CharmMeta } from './charm-meta.ts'

/** A charm by name, but not what every object has from birth (`constructor`). */
export function charmOf(name: string, charms: Record<string, CharmMeta>): CharmMeta | undefined {
  return Object.hasOwn(charms, name) ? charms[name] : undefined
}
