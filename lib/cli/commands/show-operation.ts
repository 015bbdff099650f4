import * as Args from '@oclif/core/args'
import { ModelCommand } from '../model-command.ts'

export default class ShowOperation extends ModelCommand {
  static override summary = 'show one operation: who, when, and what was done on each machine'
  static override args = { operation: Args.string({ required: true, description: 'its id, or how that begins' }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ShowOperation)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { operationOf } = await import('../../run/history.ts')
    const { renderOperation } = await import('../../report/history-text.ts')
    const { logLine, renderLogLine } = await import('../../report/log-text.ts')
    const work = openWorkspace(flags, 'show-operation')
    await readModel(work)
    const { operation, entries } = operationOf(await work.store.journal(work.name).read(), args.operation)
    const lines = entries.map(logLine).filter(({ level }) => level !== 'DEBUG')
    this.print(`${renderOperation(operation)}\n${lines.map((line) => `${renderLogLine(line)}\n`).join('')}`)
    return { ...operation, log: lines }
  }
}
