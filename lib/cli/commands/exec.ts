import * as Flags from '@oclif/core/flags'
import { KcharmError } from '../../errors/index.ts'
import { ModelCommand } from '../model-command.ts'

export default class Exec extends ModelCommand {
  static override summary = 'run a shell command as root on units’ machines'
  static override description = `Each machine is held meanwhile, so that no deploy comes in between. What the command changes is in no plan and in no
manifest: nothing can take it back. Exit status 7: it failed somewhere.`
  static override usage = 'exec (--unit UNIT | --machine NAME | --all) -- COMMAND...'
  static override examples = ['<%= config.bin %> exec --unit kata/0 --yes -- uname -r']
  static override strict = false
  static override flags = {
    unit: Flags.string({
      char: 'u',
      summary: 'on this unit’s machine',
      helpValue: 'UNIT',
      multiple: true,
      multipleNonGreedy: true,
    }),
    machine: Flags.string({ summary: 'on this machine', helpValue: 'NAME', multiple: true, multipleNonGreedy: true }),
    all: Flags.boolean({ summary: 'on all machines' }),
    timeout: Flags.integer({ summary: 'seconds that it may take', default: 300, min: 1 }),
    yes: Flags.boolean({ char: 'y', summary: 'run it without asking' }),
  }

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Exec)
    const names = [...(flags.unit ?? []), ...(flags.machine ?? [])]
    if (argv.length === 0 || (names.length === 0) !== (flags.all ?? false)) {
      throw new KcharmError('usage', 'expected a command and where to run it: kcharm exec --unit UNIT -- COMMAND...')
    }
    const { openWorkspace } = await import('../workspace.ts')
    const { approve } = await import('../approve.ts')
    const { exec } = await import('../../run/exec.ts')
    const { machineOf } = await import('../../run/show-model.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { exitOf, worstCode } = await import('../../run/outcome.ts')
    const { execJson, renderExec } = await import('../../report/exec-text.ts')
    const { paintFor } = await import('../../report/terminal-text.ts')
    const work = openWorkspace({ model: flags.model }, 'exec')
    const stored = await readModel(work)
    const found = flags.all ? Object.values(stored.model.machines) : names.map((name) => machineOf(stored, name))
    const machines = [...new Map(found.map((machine) => [machine.name, machine])).values()]
    const where = machines.map(({ name }) => name).join(', ')
    if (!flags.yes) await approve(`Run it as root on ${where}? Nothing can take back what it changes.`)
    const runs = await exec(work, machines, { command: argv.map(String).join(' '), deadlineMs: flags.timeout * 1000 })
    this.print(renderExec(runs, paintFor(process.stdout)))
    const codes = runs.flatMap(({ error, status }) => error?.code ?? (status === 0 ? [] : (['unit-failed'] as const)))
    this.setExit(exitOf(worstCode(codes)))
    return execJson(runs)
  }
}
