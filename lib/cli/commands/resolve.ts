import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Resolve extends ModelCommand {
  static override summary = 'walk one unit’s life again now'
  static override description = 'What it remembers of a refusal is cleared. Other units are left as they are.'
  static override examples = ['<%= config.bin %> resolve kata/0']
  static override args = { unit: Args.string({ required: true, description: 'the unit' }) }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Resolve)
    const { resolveUnit } = await import('../../run/verbs/resolve.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'resolve')
    const { units } = await readModel(work)
    return await runVerb(work, resolveUnit(args.unit, units), this.how(flags))
  }
}
