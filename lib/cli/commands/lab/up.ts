import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base-command.ts'

export default class LabUp extends BaseCommand {
  static override summary = 'make throwaway nodes, or complete those of a lab'
  static override description = `As root on Linux the nodes are systemd containers with sshd, otherwise folders with an SSH server and stand-ins.
Ends with the command that deploys a bundle on them.`
  static override examples = ['<%= config.bin %> lab up', '<%= config.bin %> lab up emulated --vm -n 1']
  static override args = { lab: Args.string({ default: 'lab', description: 'the lab' }) }
  static override flags = {
    nodes: Flags.integer({ char: 'n', summary: 'how many', default: 3, min: 1, helpValue: 'COUNT' }),
    base: Flags.string({ summary: 'the Debian suite', options: ['trixie', 'bookworm'], default: 'trixie' }),
    containerd: Flags.boolean({ summary: 'with containerd there before kcharm comes' }),
    rootless: Flags.boolean({ summary: 'directory trees with an SSH server, without root', exclusive: ['vm'] }),
    vm: Flags.boolean({ summary: 'emulated machines with a kernel and a /dev/kvm of their own' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(LabUp)
    const { startLab } = await import('../../start-lab.ts')
    const { renderLabs } = await import('../../../report/lab-text.ts')
    const { status, next } = await startLab(args.lab, flags)
    this.print(
      `${renderLabs([status])}\nDeploy containerd and a stand-in for Kata on them:\n\n  ${next.join(' \\\n    ')}\n`,
    )
    return { ...status, next: next.join(' ') }
  }
}
