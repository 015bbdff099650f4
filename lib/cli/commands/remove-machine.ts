import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class RemoveMachine extends ModelCommand {
  static override summary = 'remove all units of a machine, and forget it'
  static override description =
    'The machine goes back to what it was before. A later deploy to all machines of the inventory brings it back.'
  static override args = { machine: Args.string({ required: true, description: 'the machine' }) }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(RemoveMachine)
    const { removeMachine } = await import('../../run/verbs/remove-machine.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'remove-machine')
    await readModel(work)
    return await runVerb(work, removeMachine(args.machine), this.how(flags))
  }
}
