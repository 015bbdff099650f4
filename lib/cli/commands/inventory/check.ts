import * as Args from '@oclif/core/args'
import { ModelCommand } from '../../model-command.ts'

export default class InventoryCheck extends ModelCommand {
  static override summary = 'log in on every machine, and say what would fail'
  static override description = `Login, sudo, shell, clock, disk and what every deploy needs, in one table; nothing is changed. Without a file the
model’s machines are asked. Exit status: that of the worst failure, 7 where only faults were found.`
  static override examples = ['<%= config.bin %> inventory check inventory.yaml']
  static override args = { inventory: Args.string({ description: 'an inventory' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(InventoryCheck)
    const { resolve } = await import('node:path')
    const { readInventory } = await import('../../read-files.ts')
    const { openWorkspace } = await import('../../workspace.ts')
    const { readModel } = await import('../../../run/read-model.ts')
    const { checkMachines } = await import('../../../run/check-machines.ts')
    const { exitOf, worstCode } = await import('../../../run/outcome.ts')
    const { checksJson, renderChecks } = await import('../../../report/check-text.ts')
    const { paintFor } = await import('../../../report/terminal-text.ts')
    const work = openWorkspace(flags, 'inventory check')
    const { machines } =
      args.inventory === undefined
        ? { machines: Object.values((await readModel(work)).model.machines) }
        : await readInventory(resolve(args.inventory))
    const checks = await checkMachines(work.open, machines)
    this.print(renderChecks(checks, paintFor(process.stdout)))
    const codes = checks.flatMap(
      ({ error, faults }) => error?.code ?? (faults.length > 0 ? ['unit-failed' as const] : []),
    )
    this.setExit(exitOf(worstCode(codes)))
    return checksJson(checks)
  }
}
