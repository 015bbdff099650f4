import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Config extends ModelCommand {
  static override summary = 'show or set the options of an application'
  static override description = `Without KEY=VALUE or --reset the options in force are shown.
What is set here outlasts bundles that do not name it.`
  static override examples = [
    '<%= config.bin %> config kata',
    '<%= config.bin %> config kata preflight=warn',
    '<%= config.bin %> config kata --reset preflight',
  ]
  static override strict = false
  static override args = {
    app: Args.string({ required: true, description: 'the application' }),
    option: Args.string({ description: 'KEY=VALUE, any number of them' }),
  }
  static override flags = {
    ...changeFlags,
    reset: Flags.string({
      summary: 'back to the default',
      helpValue: 'KEY',
      multiple: true,
      multipleNonGreedy: true,
    }),
  }

  async run(): Promise<object> {
    const { args, flags, argv } = await this.parse(Config)
    const { openWorkspace } = await import('../workspace.ts')
    const { pair } = await import('../deploy-flags.ts')
    const work = openWorkspace(flags, 'config')
    const pairs = argv.slice(1).map((text) => pair('config', String(text), 'KEY=VALUE'))
    if (pairs.length === 0 && flags.reset === undefined) {
      const { renderOptions } = await import('../../report/options-text.ts')
      const { readOptions } = await import('../../run/read-options.ts')
      const options = await readOptions(work, args.app)
      this.print(renderOptions(options))
      return options
    }
    const { configure } = await import('../../run/verbs/config.ts')
    const { runVerb } = await import('../run-verb.ts')
    const change = { set: Object.fromEntries(pairs), reset: flags.reset ?? [] }
    return await runVerb(work, configure(args.app, change, work.charms), this.how(flags))
  }
}
