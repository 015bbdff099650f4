import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class PruneVersions extends ModelCommand {
  static override summary = 'remove the earlier versions that upgrades have kept'
  static override description =
    'There is no going back to them then. A version that something still runs from stays, and that is said.'
  static override examples = ['<%= config.bin %> prune-versions kata']
  static override args = { app: Args.string({ required: true, description: 'the application' }) }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(PruneVersions)
    const { pruneVersions } = await import('../../run/verbs/prune-versions.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'prune-versions')
    await readModel(work)
    return await runVerb(work, pruneVersions(args.app), this.how(flags))
  }
}
