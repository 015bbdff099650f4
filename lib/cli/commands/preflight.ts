import * as Flags from '@oclif/core/flags'
import { ModelCommand } from '../model-command.ts'

export default class Preflight extends ModelCommand {
  static override summary = 'ask machines whether they are fit, and change nothing'
  static override description = `Every fault at once, each with what mends it. Asks the units given, the machines given, or all of the model;
machines that are in no model yet are asked with \`--inventory\`. Exit status 7: a machine is not fit.`
  static override usage = 'preflight [UNIT...] [--machine NAME] [-i FILE]'
  static override examples = [
    '<%= config.bin %> preflight',
    '<%= config.bin %> preflight kata/0',
    '<%= config.bin %> preflight --inventory inventory.yaml --machine n1',
  ]
  static override strict = false
  static override flags = {
    machine: Flags.string({ summary: 'ask this machine', helpValue: 'NAME', multiple: true, multipleNonGreedy: true }),
    inventory: Flags.string({ char: 'i', summary: 'machines that are in no model yet', helpValue: 'FILE' }),
  }

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Preflight)
    const { resolve } = await import('node:path')
    const { readInventory } = await import('../read-files.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { runPreflight } = await import('../../run/preflight.ts')
    const { answerActions } = await import('../answer-actions.ts')
    const inventory = flags.inventory === undefined ? [] : (await readInventory(resolve(flags.inventory))).machines
    const wish = { units: argv.map(String), machines: flags.machine ?? [], inventory }
    const runs = await runPreflight(openWorkspace(flags, 'preflight'), wish)
    return answerActions(runs, { print: (text) => this.print(text), setExit: (status) => this.setExit(status) })
  }
}
