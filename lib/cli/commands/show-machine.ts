import * as Args from '@oclif/core/args'
import { ModelCommand } from '../model-command.ts'

export default class ShowMachine extends ModelCommand {
  static override summary = 'show one machine: how it is reached, its units, when it was last seen'
  static override args = { machine: Args.string({ required: true, description: 'the machine' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ShowMachine)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { machineReport } = await import('../../run/show-model.ts')
    const { renderYaml } = await import('../../report/yaml-text.ts')
    const work = openWorkspace(flags, 'show-machine')
    const report = machineReport(await readModel(work), args.machine)
    this.print(renderYaml(report))
    return report
  }
}
