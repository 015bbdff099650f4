import { isUnknown, type View } from '../host/view.ts'
import { treeUsers } from '../host/tree-users.ts'
import { type Answer, type Ask, needed } from './ask.ts'
import { type Holding, holdings, type KeptRevision, type Line } from './manifest.ts'
import type { Site, Unit } from './unit.ts'

type Steps<T> = Generator<Ask, T, Answer>

const TREE = 'tree:'

/**
 * The revisions that stay kept, and what goes of those that nothing runs from any more; what stays is said. A package goes with its
 * unit only.
 */
export function* retired(site: Site, unit: Unit, view: View): Steps<{ kept: KeptRevision[]; gone: Holding[] }> {
  if (!unit.prunes) return { kept: unit.kept, gone: [] }
  const gone: KeptRevision[] = []
  for (const kept of unit.kept) {
    const used = yield* usersOf(kept, view)
    if (used === undefined) gone.push(kept)
    else yield { do: 'tell', event: { unit: unit.name, kind: 'kept', key: used.key, why: used.why } }
  }
  const kept = unit.kept.filter((each) => !gone.includes(each))
  return { kept, gone: heldOf(site.lines, { name: unit.name, kept }, gone) }
}

function heldOf(lines: Line[], unit: Pick<Unit, 'name' | 'kept'>, gone: KeptRevision[]): Holding[] {
  const keys = gone.flatMap((kept) => kept.keys).filter((key) => !key.startsWith('pkg:'))
  const needed = unit.kept.flatMap((kept) => kept.keys)
  return holdings(lines, unit.name).filter(({ key }) => keys.includes(key) && !needed.includes(key))
}

function* usersOf({ keys, version }: KeptRevision, view: View): Steps<{ key: string; why: string } | undefined> {
  for (const key of keys.filter((each) => each.startsWith(TREE))) {
    const count = yield* needed(() => view.peek(treeUsers(key.slice(TREE.length))))
    if (isUnknown(count) || count === 0) continue
    return { key, why: `${count} processes still run from version ${version}; prune again when they have ended` }
  }
  return undefined
}
