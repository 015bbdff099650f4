import * as Args from '@oclif/core/args'
import { ModelCommand } from '../model-command.ts'

export default class ShowApplication extends ModelCommand {
  static override summary = 'show one application: charm, options, resources, relations, units'
  static override args = { app: Args.string({ required: true, description: 'the application' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ShowApplication)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { applicationReport } = await import('../../run/show-model.ts')
    const { renderYaml } = await import('../../report/yaml-text.ts')
    const { maskValue } = await import('../../report/mask.ts')
    const work = openWorkspace(flags, 'show-application')
    const report = applicationReport(await readModel(work), args.app, work.charms)
    this.print(renderYaml(report))
    return maskValue(report)
  }
}
