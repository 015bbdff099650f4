import type { Draft } from './bundle-schema.ts'
import type { CharmMeta } from './charm-meta.ts'
import { charmOf } from './charm-of.ts'
import { quote, type Path, type Problem } from './faults.ts'
import { matchEnds, parseEnd, unknownEnd, type Match, type Mismatch, type WrittenEnd } from './match-ends.ts'
import { overLimit, relationText } from './relate.ts'

type Placed = Match & { index: number }

/** The draft's relations with their endpoints found, and what is wrong with the others. */
export function resolveRelations(
  draft: Draft,
  charms: Record<string, CharmMeta>,
): { relations: Match[]; problems: Problem[] } {
  const byApplication = charmsOfApplications(draft, charms)
  const found: Placed[] = []
  const problems: Problem[] = []
  for (const [index, ends] of draft.relations.entries()) {
    if (ends === undefined) continue
    const [one, other] = [parseEnd(ends[0]), parseEnd(ends[1])]
    const unknown = [one, other].flatMap((end, side) =>
      endProblems(end, ['relations', index, side], { draft, byApplication }),
    )
    problems.push(...unknown)
    // An end whose charm is not known has had its fault already.
    if (unknown.length > 0 || ![one, other].every(({ app }) => charmOf(app, byApplication))) continue
    const match = matchEnds(one, other, byApplication)
    if ('what' in match) problems.push(problemAt(match, ['relations', index]))
    else found.push({ ...match, index })
  }
  const firsts = new Map(found.toReversed().map((match) => [relationText(match), match]))
  const once = [...firsts.values()].toSorted((a, b) => a.index - b.index)
  const twice = found.flatMap((match) => {
    const first = firsts.get(relationText(match)) ?? match
    return first === match ? [] : [duplicate(match, first.index)]
  })
  const full = overLimit(once, byApplication).map((over) => problemAt(over, ['relations', over.relation.index]))
  const relations = once.map(({ provider, requirer }) => ({ provider, requirer }))
  return { relations, problems: [...problems, ...twice, ...full] }
}

function charmsOfApplications(draft: Draft, charms: Record<string, CharmMeta>): Record<string, CharmMeta> {
  const known = Object.entries(draft.applications).flatMap(([app, { charm }]) => {
    const meta = charm === undefined ? undefined : charmOf(charm, charms)
    return meta === undefined ? [] : [[app, meta] as const]
  })
  return Object.fromEntries(known)
}

interface Known {
  draft: Draft
  byApplication: Record<string, CharmMeta>
}

function endProblems(end: WrittenEnd, path: Path, { draft, byApplication }: Known): Problem[] {
  const { app } = end
  if (!Object.hasOwn(draft.applications, app)) {
    const meant = { word: app, among: Object.keys(draft.applications) }
    return [{ path, what: `unknown application ${quote(app)}`, meant }]
  }
  const unknown = charmOf(app, byApplication) === undefined ? undefined : unknownEnd(end, byApplication)
  return unknown === undefined ? [] : [problemAt(unknown, path)]
}

function problemAt({ what, says, meant }: Mismatch, path: Path): Problem {
  return { path, what, ...(says === undefined ? {} : { says }), ...(meant === undefined ? {} : { meant }) }
}

function duplicate(match: Placed, first: number): Problem {
  const says = `expected it once; it is relations[${first}]`
  return { path: ['relations', match.index], what: `${relationText(match)} stands here twice`, says }
}
