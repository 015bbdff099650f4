import { ModelCommand } from '../model-command.ts'
import { KcharmError } from '../../errors/index.ts'

export default class Scp extends ModelCommand {
  static override summary = 'copy files from or to a unit’s machine, with the scp of this machine'
  static override usage = 'scp SOURCE... TARGET'
  static override description = 'A place on a machine is UNIT:PATH or MACHINE:PATH; one machine in one command.'
  static override examples = ['<%= config.bin %> scp kata/0:/var/log/syslog .']
  static override strict = false

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Scp)
    if (argv.length < 2) throw new KcharmError('usage', 'expected a source and a target: kcharm scp SOURCE... TARGET')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { scpArguments } = await import('../../run/ssh-arguments.ts')
    const { runInTerminal } = await import('../run-in-terminal.ts')
    const stored = await readModel(openWorkspace(flags, 'scp'))
    this.setExit(await runInTerminal('scp', scpArguments(stored, argv.map(String))))
    return {}
  }
}
