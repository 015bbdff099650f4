import { Flags } from '@oclif/core'
import { ModelCommand } from '../model-command.ts'

export default class DebugLog extends ModelCommand {
  static override summary = 'show what was done, in order'
  static override description =
    'Hooks carry Juju’s names and come in Juju’s order. Read from the journal on this machine.'
  static override examples = [
    '<%= config.bin %> debug-log --unit kata/0',
    '<%= config.bin %> debug-log -n 20 --level DEBUG',
  ]
  static override flags = {
    lines: Flags.integer({ char: 'n', summary: 'only the last so many lines', min: 0 }),
    unit: Flags.string({ summary: 'only these units', helpValue: 'UNIT', multiple: true, multipleNonGreedy: true }),
    level: Flags.string({ summary: 'least level', options: ['DEBUG', 'INFO', 'ERROR'], default: 'INFO' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(DebugLog)
    const { openWorkspace } = await import('../workspace.ts')
    const { logLine, renderLogLine } = await import('../../report/log-text.ts')
    const { store, name } = openWorkspace(flags.model, 'debug-log')
    const levels = ['DEBUG', 'INFO', 'ERROR']
    const units = flags.unit?.map((unit) => `unit-${unit.replace('/', '-')}`)
    const lines = (await store.journal(name).read())
      .map(logLine)
      .filter(
        ({ level, who }) => levels.indexOf(level) >= levels.indexOf(flags.level) && (units?.includes(who) ?? true),
      )
    const last = flags.lines === undefined ? lines : lines.slice(Math.max(0, lines.length - flags.lines))
    this.print(last.map((line) => `${renderLogLine(line)}\n`).join(''))
    return last
  }
}
