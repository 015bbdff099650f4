import { maskValue } from '../report/mask.ts'
import { outcomeJson } from '../report/outcome-json.ts'
import { renderPlan } from '../report/plan-text.ts'
import { paintFor } from '../report/terminal-text.ts'
import { operate } from '../run/operate.ts'
import { exitOf, worstOf } from '../run/outcome.ts'
import { savePlan } from '../run/saved-plan.ts'
import type { Verb } from '../run/verb.ts'
import type { Workspace } from '../run/workspace.ts'
import { writeAtomically } from '../state/atomic-file.ts'
import { version } from '../version.ts'
import type { Terms } from './model-command.ts'

/** Shows what a verb would do, and keeps it in files when asked to. */
export async function planVerb(
  work: Workspace,
  verb: Verb,
  on: Terms & { out: string | undefined; html: string | undefined },
): Promise<object> {
  const before = await work.store.read(work.name)
  const outcome = await operate(work, verb, { dryRun: true })
  const { wanted, plans, failed } = outcome
  const notes = wanted.notes ? { notes: wanted.notes } : {}
  const report = { model: work.name, plans, failed, ...notes }
  on.print(renderPlan(report, paintFor(process.stdout)))
  const worst = worstOf(outcome)
  on.setExit(exitOf(worst))
  if (on.out !== undefined) {
    const saved = savePlan(outcome, { title: verb.title, version, before, mask: maskValue })
    await writeAtomically(on.out, `${JSON.stringify(saved, undefined, 1)}\n`)
    on.print(`The plan is in ${on.out}; kcharm apply ${on.out} carries it out.`)
  }
  if (on.html !== undefined) {
    const { renderPlanHtml } = await import('../report/plan-html.ts')
    await writeAtomically(on.html, renderPlanHtml(report))
    on.print(`A page of it is in ${on.html}.`)
  }
  return outcomeJson(work.name, outcome, worst)
}
