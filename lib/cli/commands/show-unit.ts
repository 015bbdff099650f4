import * as Args from '@oclif/core/args'
import { ModelCommand } from '../model-command.ts'

export default class ShowUnit extends ModelCommand {
  static override summary = 'show one unit: its state, its databags, and what it has on its machine'
  static override description = 'Reads the manifest on the machine.'
  static override args = { unit: Args.string({ required: true, description: 'the unit' }) }
  static override examples = ['<%= config.bin %> show-unit kata/0']

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ShowUnit)
    const { openWorkspace } = await import('../workspace.ts')
    const { readUnit } = await import('../../run/read-unit.ts')
    const { maskValue } = await import('../../report/mask.ts')
    const { renderUnit } = await import('../../report/unit-text.ts')
    const report = await readUnit(openWorkspace(flags, 'show-unit'), args.unit)
    this.print(renderUnit(report))
    return maskValue(report)
  }
}
