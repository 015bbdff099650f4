import { BaseCommand } from '../base-command.ts'

export default class Complete extends BaseCommand {
  static override summary = 'answer a shell’s completion'
  static override hidden = true
  static override strict = false

  async run(): Promise<object> {
    const { argv } = await this.parse(Complete)
    const { completions } = await import('../complete.ts')
    const { readNames } = await import('../read-names.ts')
    const words = argv.map(String)
    const found = completions(words, this.config.commands, await readNames(words))
    this.print(found.join('\n'))
    return found
  }
}
