import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Unrelate extends ModelCommand {
  static override summary = 'end the relation of two applications'
  static override description = 'A subordinate’s units go with it; both applications stay in the model.'
  static override examples = ['<%= config.bin %> unrelate kata containerd']
  static override args = {
    one: Args.string({ required: true, description: 'APP or APP:ENDPOINT' }),
    other: Args.string({ required: true, description: 'APP or APP:ENDPOINT' }),
  }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Unrelate)
    const { unrelate } = await import('../../run/verbs/relate.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { runVerb } = await import('../run-verb.ts')
    return await runVerb(openWorkspace(flags, 'unrelate'), unrelate(args.one, args.other), this.how(flags))
  }
}
