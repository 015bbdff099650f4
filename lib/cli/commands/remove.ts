import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Remove extends ModelCommand {
  static override summary = 'remove an application or one unit'
  static override description =
    'The machines go back to what they were before. A unit that is still needed stays, and says by whom.'
  static override examples = ['<%= config.bin %> remove kata', '<%= config.bin %> remove containerd/2']
  static override args = { name: Args.string({ required: true, description: 'APP or UNIT' }) }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Remove)
    const { remove } = await import('../../run/verbs/remove.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'remove')
    const { units } = await readModel(work)
    return await runVerb(work, remove(args.name, { units, charms: work.charms }), this.how(flags))
  }
}
