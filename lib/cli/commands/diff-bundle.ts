import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { deployFlags } from '../deploy-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class DiffBundle extends ModelCommand {
  static override summary = 'compare the model with a bundle, without asking a machine'
  static override description = `Shows as a diff what a deploy of the bundle would declare otherwise; what it no longer names is shown as gone, as with --prune.
Exit status 5: they differ. kcharm diff compares the machines with the model.`
  static override examples = ['<%= config.bin %> diff-bundle bundles/lab.yaml']
  static override args = { bundle: Args.string({ required: true, description: 'a bundle’s file' }) }
  static override flags = {
    inventory: deployFlags.inventory,
    overlay: deployFlags.overlay,
    machine: deployFlags.machine,
    resource: deployFlags.resource,
    config: deployFlags.config,
    quiet: Flags.boolean({ char: 'q', summary: 'only the exit status' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DiffBundle)
    const { bundleVerb } = await import('../deploy-verb.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { declaredDiff } = await import('../declared-diff.ts')
    const { CODES } = await import('../../errors/index.ts')
    const stored = await readModel(openWorkspace(flags, 'diff-bundle'))
    const verb = await bundleVerb(args.bundle, { ...flags, prune: true })
    const lines = declaredDiff(stored, verb)
    if (!flags.quiet) this.print(lines.map((line) => `${line}\n`).join(''))
    this.setExit(lines.length === 0 ? 0 : CODES.changes.exit)
    return { differs: lines.length > 0, lines }
  }
}
