import { exportBundle } from '../model/export-bundle.ts'
import { renderBundle } from '../report/bundle-text.ts'
import { diffLines } from '../report/diff-text.ts'
import type { Declarations, Verb } from '../run/verb.ts'

/** As lines of a diff between bundles, what a verb would declare otherwise; none: nothing. */
export function declaredDiff(stored: Declarations, verb: Verb): string[] {
  const [before = '', after = ''] = [stored, verb.declare(stored)].map(({ model, bundle }) =>
    renderBundle(exportBundle(model, bundle?.rollout)),
  )
  return before === after ? [] : diffLines({ before, after })
}
