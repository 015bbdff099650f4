import * as Args from '@oclif/core/args'
import { BaseCommand } from '../base-command.ts'

export default class AddModel extends BaseCommand {
  static override summary = 'make an empty model and switch to it'
  static override description =
    'A deploy makes a model by itself; this one is for a name that is to be chosen from now on.'
  static override args = { model: Args.string({ required: true, description: 'its name' }) }

  async run(): Promise<object> {
    const { args } = await this.parse(AddModel)
    const { openWorkspace } = await import('../workspace.ts')
    const { addModel } = await import('../../run/add-model.ts')
    const { chooseModel } = await import('../../state/current-model.ts')
    const { stateFolder } = await import('../../state/places.ts')
    const model = await addModel(openWorkspace({ model: args.model }, 'add-model'))
    await chooseModel(stateFolder(), args.model)
    this.print(`Model ${args.model} is there, and empty. Next: kcharm deploy bundle BUNDLE --inventory FILE`)
    return { model: model.name, id: model.id }
  }
}
