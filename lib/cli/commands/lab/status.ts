import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../base-command.ts'

export default class LabStatusCommand extends BaseCommand {
  static override summary = 'show the throwaway nodes that there are'
  static override args = { lab: Args.string({ description: 'the lab; default: all' }) }

  async run(): Promise<object> {
    const { args } = await this.parse(LabStatusCommand)
    const { labStatus } = await import('../../../lab/index.ts')
    const { renderLabs } = await import('../../../report/lab-text.ts')
    const labs = await labStatus(args.lab)
    this.print(renderLabs(labs))
    return labs
  }
}
