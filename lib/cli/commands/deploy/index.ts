import * as Args from '@oclif/core/args'
import { fullDeployFlags } from '../../deploy-flags.ts'
import { ModelCommand } from '../../model-command.ts'

export default class Deploy extends ModelCommand {
  static override summary = 'deploy a bundle or a single charm'
  static override description = `The plan is shown first and carried out after a yes. A second deploy of the same changes nothing.
Without a record of the model it is restored from its machines.`
  static override examples = [
    '<%= config.bin %> deploy bundles/containerd-kata.yaml --inventory inventory.yaml',
    '<%= config.bin %> deploy containerd --to tag=worker',
  ]
  static override args = {
    what: Args.string({
      required: true,
      description: 'a bundle’s file, the name of a charm, or the folder of one of your own',
    }),
  }
  static override flags = fullDeployFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Deploy)
    const { deployVerb } = await import('../../deploy-verb.ts')
    const { openWorkspace } = await import('../../workspace.ts')
    const { runVerb } = await import('../../run-verb.ts')
    return await runVerb(openWorkspace(flags, 'deploy'), await deployVerb(args.what, flags), this.how(flags))
  }
}
