import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { KcharmError } from '../../errors/index.ts'
import type { Kind } from '../../run/wait-for.ts'
import { ModelCommand } from '../model-command.ts'

export default class WaitFor extends ModelCommand {
  static override summary = 'wait until a model, application, unit or machine is as it should be'
  static override description = `Reads the machines again and again. It ends at once when what is waited for is in error. Exit status 7: it did not come
about.`
  static override usage = 'wait-for model|application|unit|machine [NAME] [--query QUERY]'
  static override examples = [
    '<%= config.bin %> wait-for application kata',
    `<%= config.bin %> wait-for unit kata/0 --query 'status==active && version==3.20.0' --stable 30`,
  ]
  static override args = {
    kind: Args.string({ required: true, description: 'what', options: ['model', 'application', 'unit', 'machine'] }),
    name: Args.string({ description: 'its name; of a model none' }),
  }
  static override flags = {
    query: Flags.string({ summary: 'what has to hold; without it: active, of a machine reached', helpValue: 'QUERY' }),
    timeout: Flags.integer({ summary: 'seconds to wait', default: 600, min: 1 }),
    stable: Flags.integer({ summary: 'seconds for which it has to hold', default: 0, min: 0 }),
    every: Flags.integer({ summary: 'seconds between two looks', default: 5, min: 1 }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(WaitFor)
    const kind = args.kind as Kind
    const { name } = args
    if ((kind === 'model') !== (name === undefined)) {
      throw new KcharmError('usage', kind === 'model' ? 'a model is named by --model' : `expected the ${kind}’s name`)
    }
    const { parseQuery, waitFor } = await import('../../run/wait-for.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { lookAgain } = await import('../../run/refresh.ts')
    const { statusOfModel } = await import('../../run/status.ts')
    const query = parseQuery(flags.query ?? (kind === 'machine' ? 'status==reached' : 'status==active'), kind)
    const work = openWorkspace({ model: flags.model }, 'wait-for')
    const times = { timeoutMs: flags.timeout * 1000, stableMs: flags.stable * 1000, everyMs: flags.every * 1000 }
    const wait = { kind, query, ...times, ...(name === undefined ? {} : { name }) }
    await waitFor(wait, async () => statusOfModel(await lookAgain(work), work.charms))
    this.print(`${[kind, name ?? work.name].join(' ')}: as it should be`)
    return { kind, name: name ?? work.name, holds: true }
  }
}
