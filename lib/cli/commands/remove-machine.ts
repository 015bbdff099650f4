import { Args } from '@oclif/core'
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
    const work = openWorkspace(flags.model, 'remove-machine')
    const { units } = await readModel(work)
    const report = await runVerb(work, removeMachine(args.machine, units), this.how(flags))
    const left = await readModel(work)
    const isEmpty = !left.units.some(({ machine }) => machine === args.machine)
    if (isEmpty && Object.hasOwn(left.model.machines, args.machine)) {
      await runVerb(work, removeMachine(args.machine, []), { ...this.how(flags), print: () => undefined })
    }
    return report
  }
}
