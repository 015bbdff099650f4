import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base-command.ts'

export default class LabDown extends BaseCommand {
  static override summary = 'end a lab, and leave nothing of it but the cache'
  static override args = { lab: Args.string({ default: 'lab', description: 'the lab' }) }
  static override flags = { purge: Flags.boolean({ summary: 'take the cache away too' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(LabDown)
    const { labDown } = await import('../../../lab/index.ts')
    const found = await labDown(args.lab, { purge: flags.purge })
    this.print(found ? `The lab ${args.lab} has ended.` : `There is no lab ${args.lab}.`)
    return { name: args.lab, found }
  }
}
