import { ModelCommand } from '../model-command.ts'

export default class Machines extends ModelCommand {
  static override summary = 'show the model’s machines: how they are reached, their tags and units'

  async run(): Promise<object> {
    const { flags } = await this.parse(Machines)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { machineReports } = await import('../../run/show-model.ts')
    const { renderMachines } = await import('../../report/machines-text.ts')
    const machines = machineReports(await readModel(openWorkspace(flags, 'machines')))
    this.print(renderMachines(machines))
    return machines
  }
}
