import * as Flags from '@oclif/core/flags'
import { ModelCommand } from '../../model-command.ts'

export default class LockBreak extends ModelCommand {
  static override summary = 'end the sessions that hold machines'
  static override description = `For a holder that nobody can reach any more. It is shown first. A step that runs is never cut off in the
middle: it is waited for. What was begun is in the machine’s manifest, and the next run goes on with it.
Without a machine all that are held, and the model: that only where its process is of another host.`
  static override usage = 'lock break [MACHINE...]'
  static override examples = ['<%= config.bin %> lock break n1', '<%= config.bin %> lock break']
  static override strict = false
  static override flags = {
    wait: Flags.integer({ summary: 'seconds to wait for a step that runs', default: 60, min: 0, helpValue: 'SECONDS' }),
    yes: Flags.boolean({ char: 'y', summary: 'do it without asking' }),
  }

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(LockBreak)
    const { openWorkspace } = await import('../../workspace.ts')
    const { approve } = await import('../../approve.ts')
    const { readModel, readOrNothing } = await import('../../../run/read-model.ts')
    const { machineOf } = await import('../../../run/show-model.ts')
    const { assertBreakable, breakLocks, readLocks } = await import('../../../run/locks.ts')
    const { exitOf, worstCode } = await import('../../../run/outcome.ts')
    const { holdersText, machineJson, renderLocks } = await import('../../../report/lock-text.ts')
    const work = openWorkspace(flags, 'lock break')
    const named = [...new Set(argv.map(String))]
    const machines =
      named.length > 0
        ? await readModel(work).then((stored) => named.map((name) => machineOf(stored, name)))
        : Object.values((await readOrNothing(work))?.model.machines ?? {})
    const { model, ...rest } = await readLocks(work, machines)
    const seen = { ...(model && named.length === 0 ? { model } : {}), ...rest }
    this.print(renderLocks(work.name, { ...(model ? { model } : {}), ...rest }))
    assertBreakable(work.name, seen)
    const holders = holdersText(work.name, seen)
    if (holders !== '' && !flags.yes) await approve(`End the work of others on ${holders}?`, { time: work.time })
    const broken = holders === '' ? [] : await breakLocks(work, { seen, machines, patienceMs: flags.wait * 1000 })
    const unread = seen.machines.filter(({ error }) => error)
    const failed = [...unread, ...broken.filter(({ error }) => error)]
    this.print(failed.length === 0 ? 'Nobody holds them any more.' : failed.map(refusal).join('\n'))
    this.setExit(exitOf(worstCode(failed.flatMap(({ error }) => error?.code ?? []))))
    return { broken: broken.filter(({ error }) => !error).map(machineJson), failed: failed.map(machineJson) }
  }
}

function refusal({ error }: { error?: Error }): string {
  return error?.message ?? ''
}
