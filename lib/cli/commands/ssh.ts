import * as Args from '@oclif/core/args'
import { ModelCommand } from '../model-command.ts'

export default class Ssh extends ModelCommand {
  static override summary = 'log in on a unit’s machine, with the ssh of this machine'
  static override description =
    'As the inventory says: user, port, key, jump hosts, known hosts. What is done there by hand is in no plan and no manifest.'
  static override usage = 'ssh UNIT|MACHINE [-- COMMAND...]'
  static override examples = ['<%= config.bin %> ssh kata/0', '<%= config.bin %> ssh node-a -- uname -r']
  static override args = { at: Args.string({ required: true, description: 'a unit or a machine' }) }
  static override strict = false

  async run(): Promise<object> {
    const { args, argv, flags } = await this.parse(Ssh)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { machineOf } = await import('../../run/show-model.ts')
    const { sshArguments } = await import('../../run/ssh-arguments.ts')
    const { runInTerminal } = await import('../run-in-terminal.ts')
    const machine = machineOf(await readModel(openWorkspace(flags, 'ssh')), args.at)
    const { options, login } = sshArguments(machine)
    const words = [...options, '--', login, ...argv.slice(1).map(String)]
    this.setExit(await runInTerminal('ssh', words))
    return { machine: machine.name }
  }
}
