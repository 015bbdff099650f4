import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { deployFlags } from '../deploy-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Plan extends ModelCommand {
  static override summary = 'show every change of a deploy before it happens'
  static override description = `File by file, package by package, restart by restart, and why. Nothing is changed anywhere.
With --out the plan is kept: kcharm apply carries out nothing but that.`
  static override examples = [
    '<%= config.bin %> plan bundles/lab.yaml --inventory inventory.yaml',
    '<%= config.bin %> plan bundles/lab.yaml --out today.plan',
  ]
  static override args = {
    what: Args.string({
      required: true,
      description: 'a bundle’s file, the name of a charm, or the folder of one of your own',
    }),
  }
  static override flags = {
    ...deployFlags,
    out: Flags.string({ summary: 'keep the plan in a file', helpValue: 'FILE' }),
    html: Flags.string({ summary: 'write it as a page to look at, into this file', helpValue: 'FILE' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Plan)
    const { deployVerb } = await import('../deploy-verb.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { planVerb } = await import('../plan-verb.ts')
    const how = this.how({ yes: false, 'dry-run': true })
    return await planVerb(openWorkspace(flags, 'plan'), await deployVerb(args.what, flags), {
      ...how,
      out: flags.out,
      html: flags.html,
    })
  }
}
