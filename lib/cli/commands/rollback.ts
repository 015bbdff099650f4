import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'
import { rolloutFlags } from '../rollout-flags.ts'

export default class Rollback extends ModelCommand {
  static override summary = 'go back to the version before, as long as it is kept'
  static override description = `Undoes the upgrade and all since, from what each machine has recorded, and proves the old version again.
Options are those of that time. Nothing is downloaded, but for a package’s old version.`
  static override examples = ['<%= config.bin %> rollback kata', '<%= config.bin %> rollback containerd --to 1.7.24']
  static override args = { app: Args.string({ required: true, description: 'the application' }) }
  static override flags = {
    to: Flags.string({ summary: 'a version that is kept; default: the last one', helpValue: 'VERSION' }),
    ...rolloutFlags,
    ...changeFlags,
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Rollback)
    const { rollBack } = await import('../../run/verbs/roll-back.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'rollback')
    const { units } = await readModel(work)
    return await runVerb(work, rollBack(args.app, flags.to, units), this.how(flags))
  }
}
