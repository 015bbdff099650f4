import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'
import { rolloutFlags } from '../rollout-flags.ts'

export default class Resume extends ModelCommand {
  static override summary = 'go on with what was cut off, or stopped on the way'
  static override description = `After a crash, a lost connection, Ctrl-C or a wave that did not end well: what was refused is tried again. The command
that was cut off, given again, goes on as well, and leaves alone what was refused.`
  static override flags = { ...rolloutFlags, ...changeFlags }

  async run(): Promise<object> {
    const { flags } = await this.parse(Resume)
    const { resume } = await import('../../run/verbs/resume.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const work = openWorkspace(flags, 'resume')
    await readModel(work)
    return await runVerb(work, resume, this.how(flags))
  }
}
