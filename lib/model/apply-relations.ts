import { KcharmError } from '../errors/index.ts'
import type { CharmMeta } from './charm-meta.ts'
import { charmOf } from './charm-of.ts'
import type { Model, Relation } from './declaration.ts'
import type { Match } from './match-ends.ts'
import { overLimit, relationText } from './relate.ts'

interface Merge {
  given: readonly Match[]
  /** Relations that are to go, and applications that take theirs along. */
  gone: { relations: readonly Relation[]; applications: readonly string[] }
}

/** The model's relations with those of a bundle, each once. */
export function mergeRelations(relations: readonly Relation[], { given, gone }: Merge): Relation[] {
  const leaving = new Set(gone.relations.map(relationText))
  const wanted = new Set(given.map(relationText))
  const known = new Set(relations.map(relationText))
  const kept = relations.map((relation): Relation => {
    if (wanted.has(relationText(relation))) return { ...relation, life: 'present' }
    const left = [relation.provider, relation.requirer].some(({ app }) => gone.applications.includes(app))
    return left || leaving.has(relationText(relation)) ? { ...relation, life: 'absent' } : relation
  })
  const added = given.filter((match) => !known.has(relationText(match)))
  return [...kept, ...added.map((match): Relation => ({ ...match, life: 'present' }))]
}

/** A bundle is checked by itself when it is read; here its relations meet those that were there before. Throws `relation`. */
export function checkLimits({ applications, relations }: Model, charms: Record<string, CharmMeta>): void {
  const byApplication = Object.values(applications).flatMap(({ name, charm }) => {
    const meta = charmOf(charm, charms)
    return meta === undefined ? [] : [[name, meta] as const]
  })
  const present = relations.filter(({ life }) => life === 'present')
  const [over] = overLimit(present, Object.fromEntries(byApplication))
  if (over === undefined) return
  const hint = 'Remove the other with kcharm unrelate, or with --prune if an earlier bundle made it.'
  throw new KcharmError('relation', `${relationText(over.relation)}: ${over.what}, ${over.says ?? ''}`, { hint })
}
