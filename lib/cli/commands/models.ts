import { BaseCommand } from '../base-command.ts'

export default class Models extends BaseCommand {
  static override summary = 'show the models that are known on this machine'

  async run(): Promise<object> {
    await this.parse(Models)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModels } = await import('../../run/read-models.ts')
    const { renderModels } = await import('../../report/models-text.ts')
    const { store, name } = openWorkspace({}, 'models')
    const models = await readModels(store, name)
    this.print(renderModels(models))
    return models
  }
}
