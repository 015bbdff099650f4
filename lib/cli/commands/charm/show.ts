import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base-command.ts'

export default class CharmShow extends BaseCommand {
  static override summary = 'show a charm: its options, endpoints, resources, statechart'
  static override examples = [
    '<%= config.bin %> charm show kata',
    '<%= config.bin %> charm show ./crictl',
    '<%= config.bin %> charm show kata --statechart > kata.mmd',
  ]
  static override args = {
    charm: Args.string({ required: true, description: 'the charm, or the folder of one of your own' }),
  }
  static override flags = { statechart: Flags.boolean({ summary: 'its life, as a Mermaid state diagram' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CharmShow)
    const { namedCharm } = await import('../../require-charm.ts')
    const { charmJson, renderCharm, renderStatechart } = await import('../../../report/charm-text.ts')
    const charm = await namedCharm(args.charm)
    this.print(flags.statechart ? renderStatechart(charm.chart) : renderCharm(charm))
    return { ...charmJson(charm), states: charm.chart.states, statechart: renderStatechart(charm.chart) }
  }
}
