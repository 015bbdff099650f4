import { KcharmError } from '../errors/index.ts'
import type { CharmMeta } from './charm-meta.ts'
import type { Relation, RelationEnd } from './declaration.ts'
import { printable, problemText } from './faults.ts'
import { endText, matchEnds, parseEnd, type Match, type Mismatch } from './match-ends.ts'

/** What a new relation must fit into. */
export interface Wiring {
  /** The charm of every application, by application. */
  charms: Record<string, CharmMeta>
  relations: readonly Relation[]
}

/**
 * The two ends of `relate A B`, each `app` or `app:endpoint`.
 * Throws `not-found` for an unknown application or endpoint, `relation` for one that is ambiguous, mismatched,
 * duplicate or beyond a limit, with the candidates.
 */
export function matchEndpoints(a: string, b: string, { charms, relations }: Wiring): Match {
  const match = matchEnds(parseEnd(a), parseEnd(b), charms)
  if ('what' in match) throw refused(a, b, match)
  const present = relations.filter(({ life }) => life === 'present')
  const twin = present.find((relation) => sameRelation(relation, match))
  if (twin !== undefined) {
    const fault = { what: `${relationText(twin)} exists`, says: 'expected a new relation' }
    throw refused(a, b, fault, 'where it was cut off before it came to its end: kcharm resume')
  }
  const full = overLimit([...present, match], charms)[0]
  if (full !== undefined) throw refused(a, b, full)
  return match
}

/**
 * The relation that `unrelate A B` means: one that is present, else one on its way out, which a unit in use can hold up.
 * Throws `not-found`, or `relation` when several fit.
 */
export function findRelation(a: string, b: string, relations: readonly Relation[]): Relation {
  const [one, other] = [parseEnd(a), parseEnd(b)]
  const fits = (wanted: Partial<RelationEnd>, end: RelationEnd): boolean =>
    wanted.app === end.app && (wanted.endpoint === undefined || wanted.endpoint === end.endpoint)
  const meant = relations.filter(
    ({ provider, requirer }) =>
      (fits(one, provider) && fits(other, requirer)) || (fits(other, provider) && fits(one, requirer)),
  )
  const isPresent = ({ life }: Relation): boolean => life === 'present'
  const found = meant.some(isPresent) ? meant.filter(isPresent) : meant
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  if (first === undefined) {
    throw refused(a, b, { what: 'there is no such relation', says: choice(relations.filter(isPresent)), missing: true })
  }
  throw refused(a, b, { what: `${found.length} relations fit`, says: choice(found) })
}

function choice(relations: readonly Match[]): string {
  return relations.length === 0 ? 'there are none' : `expected one of: ${relations.map(relationText).join(', ')}`
}

export function sameRelation(a: Match, b: Match): boolean {
  return relationText(a) === relationText(b)
}

/** `kata:runtime containerd:handlers`, the requirer first; one text for one relation. */
export function relationText({ provider, requirer }: Match): string {
  return `${endText(requirer)} ${endText(provider)}`
}

/** Every relation, in order, that is one too many for one of its endpoints. */
export function overLimit<M extends Match>(
  relations: readonly M[],
  charms: Record<string, CharmMeta>,
): (Mismatch & { relation: M })[] {
  const count = new Map<string, number>()
  return relations.flatMap((relation) =>
    [relation.provider, relation.requirer].flatMap((end) => {
      const name = endText(end)
      const taken = (count.get(name) ?? 0) + 1
      count.set(name, taken)
      const limit = charms[end.app]?.endpoints[end.endpoint]?.limit
      if (limit === undefined || taken <= limit) return []
      const noun = limit === 1 ? 'one relation' : `${limit} relations`
      return [{ relation, what: `too many relations at ${name}`, says: `expected at most ${noun}` }]
    }),
  )
}

function refused(a: string, b: string, { missing, ...problem }: Mismatch, hint?: string): KcharmError {
  const text = printable(`${a} ${b}: ${problemText({ path: [], ...problem })}`)
  return new KcharmError(missing === true ? 'not-found' : 'relation', text, hint === undefined ? {} : { hint })
}
