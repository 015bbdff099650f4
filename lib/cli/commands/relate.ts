import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Relate extends ModelCommand {
  static override summary = 'relate two applications'
  static override description =
    'A subordinate gets a unit beside each unit of the other. Where several endpoints fit, name one: app:endpoint.'
  static override examples = ['<%= config.bin %> relate kata containerd']
  static override args = {
    one: Args.string({ required: true, description: 'APP or APP:ENDPOINT' }),
    other: Args.string({ required: true, description: 'APP or APP:ENDPOINT' }),
  }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Relate)
    const { relate } = await import('../../run/verbs/relate.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'relate')
    return await runVerb(work, relate(args.one, args.other, work.charms), this.how(flags))
  }
}
