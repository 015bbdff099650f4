import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class DestroyModel extends ModelCommand {
  static override summary = 'remove all applications of a model, and forget it'
  static override description = `Every machine goes back to what it was before. What cannot be removed stays, and so does the model; the same command
again goes on.`
  static override args = { model: Args.string({ required: true, description: 'the model, by its whole name' }) }
  static override baseFlags = { ...ModelCommand.baseFlags, model: { ...ModelCommand.baseFlags.model, hidden: true } }
  static override flags = changeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DestroyModel)
    const { destroyModel } = await import('../../run/verbs/destroy-model.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace({ ...flags, model: args.model }, 'destroy-model')
    await readModel(work)
    const report = await runVerb(work, destroyModel, this.how(flags))
    const left = await readModel(work)
    const isGone = !flags['dry-run'] && left.units.length === 0 && Object.keys(left.faults).length === 0
    if (isGone) {
      await work.store.forget(args.model)
      this.print(`Model ${args.model} is gone.`)
    }
    return { ...report, destroyed: isGone }
  }
}
