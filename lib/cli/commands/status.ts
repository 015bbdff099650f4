import * as Flags from '@oclif/core/flags'
import type { Workspace } from '../../run/workspace.ts'
import { fold } from '../../report/fold.ts'
import { ModelCommand } from '../model-command.ts'

export default class Status extends ModelCommand {
  static override summary = 'show applications, units, machines and relations'
  static override description = 'As they were last seen; --refresh reads the machines.'
  static override flags = {
    format: Flags.string({
      summary: 'how; short (or line) is one line for each unit',
      options: ['tabular', 'short', 'line', 'yaml', 'json'],
      default: 'tabular',
    }),
    refresh: Flags.boolean({ summary: 'read the machines now' }),
    watch: Flags.integer({ summary: 'again after so many seconds, until Ctrl-C', helpValue: 'SECONDS', min: 1 }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Status)
    const { openWorkspace } = await import('../workspace.ts')
    const { maskValue } = await import('../../report/mask.ts')
    const work = openWorkspace(flags, 'status')
    const report = await this.show(work, flags)
    if (flags.watch !== undefined) {
      const { setTimeout: sleep } = await import('node:timers/promises')
      for (;;) {
        await sleep(flags.watch * 1000)
        await this.show(work, flags)
      }
    }
    return maskValue(report)
  }

  private async show(work: Workspace, flags: { format: string; refresh: boolean; watch?: number | undefined }) {
    const { readModel } = await import('../../run/read-model.ts')
    const { statusOfModel } = await import('../../run/status.ts')
    const { renderStatusAs } = await import('../../report/status-text.ts')
    const { paintFor } = await import('../../report/terminal-text.ts')
    const stored = flags.refresh ? await this.refresh(work) : await readModel(work)
    const report = statusOfModel(stored, work.charms)
    // A terminal shows the newest one alone.
    if (flags.watch !== undefined && process.stdout.isTTY) this.print('\u001b[2J\u001b[H')
    const text = renderStatusAs(flags.format, report, paintFor(process.stdout))
    this.print(flags.format === 'tabular' ? fold(text, process.stdout) : text)
    return report
  }

  private async refresh(work: Workspace) {
    const { refresh } = await import('../../run/refresh.ts')
    const { exitOf } = await import('../../run/outcome.ts')
    const { stored, worst } = await refresh(work)
    this.setExit(exitOf(worst))
    return stored
  }
}
