import * as Flags from '@oclif/core/flags'
import { ModelCommand } from '../model-command.ts'

export default class ExportBundle extends ModelCommand {
  static override summary = 'write the model as a bundle'
  static override description =
    'Deploying it again changes nothing. Options that config set become options of the bundle.'
  static override flags = {
    out: Flags.string({ char: 'o', summary: 'into this file', helpValue: 'FILE' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(ExportBundle)
    const { renderBundle } = await import('../../report/bundle-text.ts')
    const { maskValue } = await import('../../report/mask.ts')
    const { exportBundle } = await import('../../model/export-bundle.ts')
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { model, bundle: last } = await readModel(openWorkspace(flags, 'export-bundle'))
    const bundle = exportBundle(model, last?.rollout)
    const text = renderBundle(bundle)
    if (flags.out === undefined) this.print(text)
    else {
      const { writeFile } = await import('node:fs/promises')
      await writeFile(flags.out, text, { mode: 0o600 })
    }
    return maskValue(bundle)
  }
}
