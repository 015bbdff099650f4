import type { View } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import { lacksSysResource } from './observe.ts'

/** Where no process may lower its OOM score, each sandbox would fail: containerd is told not to try. */
export function restrictsOom(context: { config: Config; view: View }): boolean {
  const choice = context.config.restrict_oom_score_adj
  return choice === 'auto' ? context.view.read(lacksSysResource) : choice === 'true'
}
