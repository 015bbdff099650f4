import * as Flags from '@oclif/core/flags'
import { ModelCommand } from '../model-command.ts'

export default class History extends ModelCommand {
  static override summary = 'show the operations of the model: when, what, who, with what result'
  static override description = 'Read from the journal on this machine. kcharm show-operation shows one of them.'
  static override flags = { lines: Flags.integer({ char: 'n', summary: 'only the last so many', min: 1 }) }

  async run(): Promise<object> {
    const { flags } = await this.parse(History)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { operationsOf } = await import('../../run/history.ts')
    const { renderHistory } = await import('../../report/history-text.ts')
    const { paintFor } = await import('../../report/terminal-text.ts')
    const work = openWorkspace(flags, 'history')
    await readModel(work)
    const operations = operationsOf(await work.store.journal(work.name).read())
    const last = flags.lines === undefined ? operations : operations.slice(-flags.lines)
    this.print(renderHistory(last, paintFor(process.stdout)))
    return last
  }
}
