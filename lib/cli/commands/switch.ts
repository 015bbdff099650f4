import * as Args from '@oclif/core/args'
import { BaseCommand } from '../base-command.ts'

export default class Switch extends BaseCommand {
  static override summary = 'choose the model that commands work with, or show it'
  static override description = '--model and KCHARM_MODEL go before it.'
  static override args = { model: Args.string({ description: 'the model' }) }

  async run(): Promise<object> {
    const { args } = await this.parse(Switch)
    const { openWorkspace } = await import('../workspace.ts')
    const work = openWorkspace({ model: args.model }, 'switch')
    if (args.model !== undefined) {
      const { readModel } = await import('../../run/read-model.ts')
      const { chooseModel } = await import('../../state/current-model.ts')
      const { stateFolder } = await import('../../state/places.ts')
      await readModel(work)
      await chooseModel(stateFolder(), args.model)
    }
    this.print(work.name)
    return { model: work.name }
  }
}
