import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class AddUnit extends ModelCommand {
  static override summary = 'add units of an application on machines that have none'
  static override examples = [
    '<%= config.bin %> add-unit containerd -n 2',
    '<%= config.bin %> add-unit containerd --to node-c',
  ]
  static override args = { app: Args.string({ required: true, description: 'the application' }) }
  static override flags = {
    'num-units': Flags.integer({ char: 'n', summary: 'how many', default: 1, min: 1, max: 10_000 }),
    to: Flags.string({ summary: 'on this machine', helpValue: 'MACHINE', multiple: true, multipleNonGreedy: true }),
    ...changeFlags,
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(AddUnit)
    const { addUnit } = await import('../../run/verbs/add-unit.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'add-unit')
    await readModel(work)
    const where = { to: [...new Set(flags.to ?? [])], count: flags['num-units'] }
    return await runVerb(work, addUnit(args.app, where, work.charms), this.how(flags))
  }
}
