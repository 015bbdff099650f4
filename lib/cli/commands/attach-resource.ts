import * as Args from '@oclif/core/args'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'

export default class AttachResource extends ModelCommand {
  static override summary = 'give an application another file to install from'
  static override description =
    'The digest comes from kcharm.lock in the folder where the command runs (kcharm resource pin), or from the charm’s own table.'
  static override usage = 'attach-resource APP NAME=FILE...'
  static override examples = ['<%= config.bin %> attach-resource kata kata=kata-static-4.1.0-amd64.tar.zst']
  static override args = { app: Args.string({ required: true, description: 'the application' }) }
  static override flags = changeFlags
  static override strict = false

  async run(): Promise<object> {
    const { args, argv, flags } = await this.parse(AttachResource)
    const { locatedPairs } = await import('../deploy-flags.ts')
    const { readLockfile } = await import('../read-files.ts')
    const { attachResource } = await import('../../run/verbs/attach-resource.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const files = locatedPairs(argv.slice(1).map(String))
    const work = openWorkspace(flags, 'attach-resource')
    await readModel(work)
    const given = { files, lock: await readLockfile(process.cwd()) }
    return await runVerb(work, attachResource(args.app, given, work.charms), this.how(flags))
  }
}
