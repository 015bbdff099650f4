import type { CharmMeta } from '../../model/charm-meta.ts'
import { requireCharmOf } from '../../model/charm-of.ts'
import type { Model, Relation } from '../../model/declaration.ts'
import { findRelation, matchEndpoints, sameRelation } from '../../model/relate.ts'
import type { Verb } from '../verb.ts'

/** `relate A B`: throws `relation` with the candidates when it is ambiguous, mismatched or there already. */
export function relate(a: string, b: string, charms: Record<string, CharmMeta>): Verb {
  return {
    title: `relate ${a} ${b}`,
    declare(before) {
      const { model } = before
      const match = matchEndpoints(a, b, { charms: charmsByApplication(model, charms), relations: model.relations })
      const others = model.relations.filter((relation) => !sameRelation(relation, match))
      const relations: Relation[] = [...others, { ...match, life: 'present' }]
      return { ...before, model: { ...model, relations }, apps: [match.provider.app, match.requirer.app] }
    },
  }
}

/** `unrelate A B`: the relation stays as absent until its units are gone. */
export function unrelate(a: string, b: string): Verb {
  return {
    title: `unrelate ${a} ${b}`,
    declare(before) {
      const { model } = before
      const found = findRelation(a, b, model.relations)
      const relations = model.relations.map((relation): Relation =>
        relation === found ? { ...found, life: 'absent' } : relation,
      )
      return { ...before, model: { ...model, relations }, apps: [found.provider.app, found.requirer.app] }
    },
  }
}

function charmsByApplication(model: Model, charms: Record<string, CharmMeta>): Record<string, CharmMeta> {
  const present = Object.values(model.applications).filter(({ life }) => life === 'present')
  return Object.fromEntries(present.map((application) => [application.name, requireCharmOf(application, charms)]))
}
