import { actionsJson, renderActions } from '../report/action-text.ts'
import { paintFor } from '../report/terminal-text.ts'
import type { ActionRun } from '../run/ask-actions.ts'
import { exitOf, worstCode } from '../run/outcome.ts'

/** Prints what units answered; exit status 7 when one said no, the error's own when one could not be asked. */
export function answerActions(
  runs: ActionRun[],
  terms: { print(text: string): void; setExit(status: number): void },
): object {
  terms.print(renderActions(runs, paintFor(process.stdout)))
  const codes = runs.flatMap(({ answer, error }) => error?.code ?? (answer?.ok ? [] : (['unit-failed'] as const)))
  terms.setExit(exitOf(worstCode(codes)))
  return actionsJson(runs)
}
