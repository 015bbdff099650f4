import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { changeFlags } from '../change-flags.ts'
import { ModelCommand } from '../model-command.ts'
import { rolloutFlags } from '../rollout-flags.ts'

export default class Upgrade extends ModelCommand {
  static override summary = 'bring an application to another version'
  static override description = `Machine by machine in waves; each proves itself before the next wave begins.
One that does not is put back by itself and says what was refused. Without --to, --path and --resource what was
refused before is tried again.`
  static override examples = [
    '<%= config.bin %> upgrade containerd --to 1.7.28 --canary 1 --max-unavailable 25% --soak 1m',
    '<%= config.bin %> upgrade kata --resource kata=kata-static-4.1.0-amd64.tar.zst',
    '<%= config.bin %> upgrade crictl --path ./crictl',
  ]
  static override args = { app: Args.string({ required: true, description: 'the application' }) }
  static override flags = {
    to: Flags.string({ summary: 'the version; default: what the resource’s file name says', helpValue: 'VERSION' }),
    path: Flags.string({ summary: 'the folder of another revision of its charm', helpValue: 'CHARM' }),
    resource: Flags.string({
      summary: 'the file or URL to install from',
      helpValue: 'NAME=PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...rolloutFlags,
    ...changeFlags,
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Upgrade)
    const { resolve } = await import('node:path')
    const { loadedCharm } = await import('../require-charm.ts')
    const { locatedPairs } = await import('../deploy-flags.ts')
    const { readLockfile } = await import('../read-files.ts')
    const { upgrade } = await import('../../run/verbs/upgrade.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { runVerb } = await import('../run-verb.ts')
    const files = flags.resource ? locatedPairs(flags.resource) : {}
    const work = openWorkspace(flags, 'upgrade')
    await readModel(work)
    const to = flags.to === undefined ? {} : { to: flags.to }
    const path =
      flags.path === undefined ? {} : { path: { folder: resolve(flags.path), charm: await loadedCharm(flags.path) } }
    const verb = upgrade(args.app, { files, lock: await readLockfile(process.cwd()), ...to, ...path }, work.charms)
    return await runVerb(work, verb, this.how(flags))
  }
}
