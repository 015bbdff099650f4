import { KcharmError } from '../errors/index.ts'
import { asksOf, renderPlan } from '../report/plan-text.ts'
import { renderStatus } from '../report/status-text.ts'
import { outcomeJson } from '../report/outcome-json.ts'
import { paintFor } from '../report/terminal-text.ts'
import { operate } from '../run/operate.ts'
import { exitOf, hasChanges, worstOf } from '../run/outcome.ts'
import { readModel } from '../run/read-model.ts'
import { statusOfModel } from '../run/status.ts'
import type { Verb } from '../run/verb.ts'
import type { Workspace } from '../run/workspace.ts'
import { renderError } from '../report/error-text.ts'
import { rolloutOf } from '../run/waves.ts'
import { agree, approve } from './approve.ts'
import { interrupted, stopGently } from './interrupt.ts'
import type { Terms } from './model-command.ts'

/** Runs a verb as every command does: plan shown, confirmed, carried out, status shown. */
export async function runVerb(work: Workspace & { end(): void }, verb: Verb, on: Terms): Promise<object> {
  const { flags } = on
  const paint = paintFor(process.stdout)
  try {
    const outcome = await operate(work, verb, {
      dryRun: flags['dry-run'],
      ...(on.settle ? { settle: on.settle } : {}),
      show: ({ wanted, plans, failed }) => {
        on.print(
          renderPlan({ model: work.name, plans, failed, ...(wanted.notes ? { notes: wanted.notes } : {}) }, paint),
        )
      },
      approve: async (prepared) => {
        await agree(asksOf(prepared.plans), flags.accept === true, { time: work.time })
        if (!flags.yes) await approve('Carry it out?', { time: work.time })
      },
      rollout: rolloutOf(flags),
      ...(flags['no-rollback'] ? { keepsFailed: true } : {}),
      stop: stopGently,
    })
    work.end()
    const worst = worstOf(outcome)
    on.setExit(exitOf(worst))
    const worked = outcome.carriedOut && (hasChanges(outcome) || outcome.failed.length > 0 || worst !== undefined)
    if (worked) on.print(`\n${renderStatus(statusOfModel(await readModel(work), work.charms), paint)}`)
    if (worst === 'interrupted') process.stderr.write(renderError(whyStopped(work), paintFor(process.stderr)))
    return outcomeJson(work.name, outcome, worst)
  } finally {
    work.end()
  }
}

function whyStopped({ time }: Workspace): KcharmError {
  return time?.over?.aborted && time.over.reason instanceof KcharmError ? time.over.reason : interrupted()
}
