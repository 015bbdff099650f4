import * as Args from '@oclif/core/args'
import { KcharmError } from '../../errors/index.ts'
import { deployFlags } from '../deploy-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class Adopt extends ModelCommand {
  static override summary = 'rebuild a model from its machines when the record of it here is lost'
  static override description = `Changes nothing on the machines. What is declared comes from their manifests: also options and relations that
commands set. The bundle, or the inventory alone, says which machines to ask; where the bundle differs from what is
there is shown as a diff.`
  static override examples = [
    '<%= config.bin %> adopt bundle.yaml --inventory inventory.yaml',
    '<%= config.bin %> adopt --inventory inventory.yaml --model edge',
  ]
  static override args = { bundle: Args.string({ description: 'the bundle’s file' }) }
  static override flags = {
    inventory: deployFlags.inventory,
    overlay: deployFlags.overlay,
    machine: deployFlags.machine,
    resource: deployFlags.resource,
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Adopt)
    if (args.bundle === undefined && (!flags.inventory || flags.overlay || flags.machine || flags.resource)) {
      throw new KcharmError('usage', 'expected a bundle, or an inventory alone: kcharm adopt BUNDLE --inventory FILE')
    }
    const { resolve } = await import('node:path')
    const { bundleVerb } = await import('../deploy-verb.ts')
    const { readInventory } = await import('../read-files.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { adopt } = await import('../../run/adopt.ts')
    const { adoptModel } = await import('../../run/verbs/adopt.ts')
    const { exitOf, worstCode } = await import('../../run/outcome.ts')
    const { statusOfModel } = await import('../../run/status.ts')
    const { errorJson } = await import('../../report/error-text.ts')
    const { renderStatus } = await import('../../report/status-text.ts')
    const { paintFor } = await import('../../report/terminal-text.ts')
    const { declaredDiff } = await import('../declared-diff.ts')
    const bundle = args.bundle === undefined ? undefined : await bundleVerb(args.bundle, { ...flags, prune: true })
    const inventory = flags.inventory === undefined ? undefined : await readInventory(resolve(flags.inventory))
    const work = openWorkspace(flags, 'adopt')
    const verb = adoptModel({ ...(bundle ? { bundle } : {}), ...(inventory ? { inventory } : {}) })
    const { stored, failed } = await adopt(work, verb)
    const differs = bundle ? declaredDiff(stored, bundle) : []
    this.print(renderStatus(statusOfModel(stored, work.charms), paintFor(process.stdout)))
    for (const { error } of failed) this.print(`Left out: ${error.message}`)
    if (differs.length > 0) this.print(`\nThe bundle would declare otherwise:\n${differs.join('\n')}`)
    this.setExit(exitOf(worstCode(failed.map(({ error }) => error.code))))
    return {
      model: stored.model.name,
      units: stored.units.map(({ machine, record: { unit }, status }) => ({ unit, machine, status })),
      failed: failed.map(({ machine, error }) => ({ machine, ...errorJson(error) })),
      differs,
    }
  }
}
