import { Flags } from '@oclif/core'
import type { Workspace } from '../../run/workspace.ts'
import { ModelCommand } from '../model-command.ts'

export default class Status extends ModelCommand {
  static override summary = 'show applications, units, machines and relations'
  static override description = 'As they were last seen; --refresh reads the machines.'
  static override flags = {
    format: Flags.string({ summary: 'how', options: ['tabular', 'yaml', 'json'], default: 'tabular' }),
    refresh: Flags.boolean({ summary: 'read the machines now' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Status)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { statusOfModel } = await import('../../run/status.ts')
    const { renderStatus, renderStatusYaml } = await import('../../report/status-text.ts')
    const { paintFor } = await import('../../report/terminal-text.ts')
    const { maskValue } = await import('../../report/mask.ts')
    const work = openWorkspace(flags.model, 'status')
    const stored = flags.refresh ? await this.refresh(work) : await readModel(work)
    const report = statusOfModel(stored, work.charms)
    if (flags.format === 'tabular') this.print(renderStatus(report, paintFor(process.stdout)))
    else if (flags.format === 'yaml') this.print(renderStatusYaml(report))
    else this.print(JSON.stringify(maskValue(report), undefined, 2))
    return maskValue(report)
  }

  private async refresh(work: Workspace) {
    const { refresh } = await import('../../run/refresh.ts')
    const { exitOf } = await import('../../run/outcome.ts')
    const { stored, worst } = await refresh(work)
    this.setExit(exitOf(worst))
    return stored
  }
}
