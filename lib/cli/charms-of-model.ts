import type { StoredModel } from '../state/stored-model.ts'
import { isForeign } from '../model/charm-of.ts'

/**
 * Sees to it that the charms from folders that a model speaks of are known. Machines tell names only: what runs is what the operator has
 * named once, and was kept then. Costs nothing where there is none.
 */
export async function loadCharmsOf({ model, units }: Pick<StoredModel, 'model' | 'units'>): Promise<void> {
  const keys = new Set([
    ...Object.values(model.applications).map(({ charm }) => charm),
    ...units.flatMap(({ record: { charm, kept = [] } }) => [charm, ...kept.map((each) => each.charm ?? '')]),
  ])
  const foreign = [...keys].filter(isForeign)
  if (foreign.length === 0) return
  const { loadKept } = await import('./load-charm.ts')
  for (const key of foreign) await loadKept(key)
}
