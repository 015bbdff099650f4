import { fold } from '../../report/fold.ts'
import { ModelCommand } from '../model-command.ts'

export default class Diff extends ModelCommand {
  static override summary = 'is everything still as declared?'
  static override description = `Reads the machines and shows what a deploy of the present declarations would change.
Exit status 0: nothing; 5: something; as a deploy's own where a machine or a unit is not well.`
  static override flags = {}

  async run(): Promise<object> {
    const { flags } = await this.parse(Diff)
    const { openWorkspace } = await import('../workspace.ts')
    const { operate } = await import('../../run/operate.ts')
    const { exitOf, hasChanges, worstOf } = await import('../../run/outcome.ts')
    const { renderPlan } = await import('../../report/plan-text.ts')
    const { outcomeJson } = await import('../../report/outcome-json.ts')
    const { paintFor } = await import('../../report/terminal-text.ts')
    const work = openWorkspace(flags, 'diff')
    const outcome = await operate(work, { title: 'diff', declare: (before) => before }, { dryRun: true })
    this.print(fold(renderPlan({ model: work.name, ...outcome }, paintFor(process.stdout)), process.stdout))
    const code = outcome.failed.length === 0 && hasChanges(outcome) ? 'changes' : worstOf(outcome)
    this.setExit(exitOf(code))
    return outcomeJson(work.name, outcome, code)
  }
}
