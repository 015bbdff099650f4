import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base-command.ts'

export default class ResourcePin extends BaseCommand {
  static override summary = 'vouch for a resource: write its SHA-256 into kcharm.lock.yaml'
  static override description = `Do it once, with bytes that you have reason to trust; the lockfile belongs beside the bundle, in version control.
Every deploy then takes these bytes and no others.`
  static override examples = [
    '<%= config.bin %> resource pin kata-static-3.20.0-amd64.tar.xz --bundle bundles/containerd-kata.yaml',
  ]
  static override args = { from: Args.string({ required: true, description: 'a file or an http(s) URL' }) }
  static override flags = {
    bundle: Flags.string({ summary: 'beside this bundle; default: in this folder', helpValue: 'FILE' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ResourcePin)
    const { pinResource } = await import('../../pin-resource.ts')
    const { folderOf } = await import('../../read-files.ts')
    const pinned = await pinResource(args.from, flags.bundle === undefined ? '.' : folderOf(flags.bundle))
    this.print(`${pinned.key}: sha256 ${pinned.sha256}, now in ${pinned.file}`)
    return pinned
  }
}
