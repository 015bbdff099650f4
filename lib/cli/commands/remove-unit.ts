import * as Args from '@oclif/core/args'
import { KcharmError } from '../../errors/index.ts'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class RemoveUnit extends ModelCommand {
  static override summary = 'remove one unit of an application'
  static override description = 'As kcharm remove UNIT: its machine goes back to what it was before.'
  static override args = { unit: Args.string({ required: true, description: 'the unit' }) }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(RemoveUnit)
    if (!args.unit.includes('/')) {
      throw new KcharmError('usage', `${args.unit} is no unit: expected APP/NUMBER`, {
        hint: `kcharm remove ${args.unit} removes a whole application`,
      })
    }
    const { remove } = await import('../../run/verbs/remove.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'remove-unit')
    const { units } = await readModel(work)
    return await runVerb(work, remove(args.unit, { units, charms: work.charms }), this.how(flags))
  }
}
