import * as Args from '@oclif/core/args'
import type { Fleet } from '../../run/fleet.ts'
import { ModelCommand } from '../model-command.ts'
import { rolloutFlags } from '../rollout-flags.ts'

export default class Apply extends ModelCommand {
  static override summary = 'carry out a kept plan'
  static override description = `Nothing but that plan. When a machine, or what is declared, has changed since, nothing is done
and what is different is named. The plan was looked at when it was made: nobody is asked again, but for what cannot be taken back.`
  static override examples = ['<%= config.bin %> apply today.plan']
  static override flags = { accept: rolloutFlags.accept }
  static override args = { plan: Args.string({ required: true, description: 'a file of kcharm plan --out' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Apply)
    const { readText } = await import('../read-files.ts')
    const { version } = await import('../../version.ts')
    const { applySaved, parseSavedPlan, settleSaved } = await import('../../run/saved-plan.ts')
    const { loadCharmsOf } = await import('../charms-of-model.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'apply')
    const text = await readText(args.plan, 'plan')
    const saved = parseSavedPlan(text, { file: args.plan, version, model: work.name })
    await loadCharmsOf(saved.after)
    const how = {
      ...this.how({ yes: true, 'dry-run': false, accept: flags.accept }),
      settle: (fleet: Fleet) => settleSaved(saved, fleet),
    }
    return await runVerb(work, applySaved(saved, args.plan), how)
  }
}
