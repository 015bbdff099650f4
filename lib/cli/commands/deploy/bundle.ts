import * as Args from '@oclif/core/args'
import { fullDeployFlags } from '../../deploy-flags.ts'
import { ModelCommand } from '../../model-command.ts'

export default class DeployBundle extends ModelCommand {
  static override summary = 'deploy a bundle'
  static override description = `An option that the last bundle named and this one does not returns to its default.
Applications, relations and machines that vanished from the bundle are shown; --prune removes them.`
  static override examples = [
    '<%= config.bin %> deploy bundle bundles/lab.yaml --inventory inventory.yaml --resource kata:kata=kata-static-3.20.0-amd64.tar.xz',
  ]
  static override args = { bundle: Args.string({ required: true, description: 'the bundle’s file' }) }
  static override flags = fullDeployFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DeployBundle)
    const { bundleVerb } = await import('../../deploy-verb.ts')
    const { openWorkspace } = await import('../../workspace.ts')
    const { runVerb } = await import('../../run-verb.ts')
    return await runVerb(openWorkspace(flags, 'deploy'), await bundleVerb(args.bundle, flags), this.how(flags))
  }
}
