import * as Args from '@oclif/core/args'
import { BaseCommand } from '../base-command.ts'

export default class Completion extends BaseCommand {
  static override summary = 'print what completes commands, flags and the model’s names in a shell'
  static override examples = [
    'source <(<%= config.bin %> completion bash)',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/kcharm.fish',
  ]
  static override args = {
    shell: Args.string({ required: true, description: 'for which', options: ['bash', 'zsh', 'fish'] }),
  }

  async run(): Promise<object> {
    const { args } = await this.parse(Completion)
    const { COMPLETION_SCRIPTS } = await import('../completion-scripts.ts')
    const script = COMPLETION_SCRIPTS[args.shell] ?? ''
    this.print(script)
    return { script }
  }
}
