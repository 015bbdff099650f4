import { ModelCommand } from '../../model-command.ts'

export default class LockStatus extends ModelCommand {
  static override summary = 'show who is at work on the model and its machines, and since when'
  static override description = 'Looks only: takes no lock and is in nobody’s way.'

  async run(): Promise<object> {
    const { flags } = await this.parse(LockStatus)
    const { openWorkspace } = await import('../../workspace.ts')
    const { readOrNothing } = await import('../../../run/read-model.ts')
    const { readLocks } = await import('../../../run/locks.ts')
    const { exitOf, worstCode } = await import('../../../run/outcome.ts')
    const { locksJson, renderLocks } = await import('../../../report/lock-text.ts')
    const work = openWorkspace(flags, 'lock status')
    const stored = await readOrNothing(work)
    const locks = await readLocks(work, Object.values(stored?.model.machines ?? {}))
    this.print(renderLocks(work.name, locks))
    this.setExit(exitOf(worstCode(locks.machines.flatMap(({ error }) => error?.code ?? []))))
    return locksJson(work.name, locks)
  }
}
