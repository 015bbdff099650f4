import * as Flags from '@oclif/core/flags'
import type { Level } from '../../report/log-text.ts'
import { ModelCommand } from '../model-command.ts'

export default class DebugLog extends ModelCommand {
  static override summary = 'show what was done, in order'
  static override description =
    'Hooks carry Juju’s names and come in Juju’s order. Read from the journal on this machine.'
  static override examples = [
    '<%= config.bin %> debug-log --include kata/0',
    '<%= config.bin %> debug-log -n 20 --level DEBUG',
  ]
  static override flags = {
    lines: Flags.integer({ char: 'n', summary: 'only the last so many lines', min: 0 }),
    include: Flags.string({
      char: 'i',
      summary: 'only of this unit, application or machine',
      helpValue: 'NAME',
      aliases: ['unit'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    exclude: Flags.string({
      char: 'x',
      summary: 'nothing of this unit, application or machine',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    level: Flags.string({ char: 'l', summary: 'least level', options: ['DEBUG', 'INFO', 'ERROR'], default: 'INFO' }),
    replay: Flags.boolean({ summary: 'all of it from the beginning; with --tail first', exclusive: ['lines'] }),
    tail: Flags.boolean({ summary: 'go on with what comes, until Ctrl-C' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(DebugLog)
    const { openWorkspace } = await import('../workspace.ts')
    const { logLine, renderLogLine } = await import('../../report/log-text.ts')
    const { wantedLines } = await import('../../report/log-filter.ts')
    const { store, name } = openWorkspace(flags, 'debug-log')
    const { level, include = [], exclude = [] } = flags
    const journal = store.journal(name)
    const isWanted = wantedLines({ level: level as Level, include, exclude })
    const entries = await journal.read()
    const lines = entries.map(logLine).filter(isWanted)
    // As Juju's: what follows begins with the last lines only.
    const count = flags.lines ?? (flags.tail && !flags.replay ? 10 : lines.length)
    const last = count === 0 ? [] : lines.slice(-count)
    const show = (some: typeof lines) => this.print(some.map((line) => `${renderLogLine(line)}\n`).join(''))
    show(last)
    if (flags.tail) {
      const { setTimeout: sleep } = await import('node:timers/promises')
      for (let known = entries.length; ; await sleep(500)) {
        const now = await journal.read()
        show(now.slice(known).map(logLine).filter(isWanted))
        known = now.length
      }
    }
    return last
  }
}
