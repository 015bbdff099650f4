import { requireCharmOf } from '../model/charm-of.ts'
import { optionDocs, optionsInForce } from '../model/options.ts'
import { readModel } from './read-model.ts'
import { requireApplication } from './verbs/require-application.ts'
import type { Workspace } from './workspace.ts'

export interface OptionInForce {
  value: unknown
  source: 'config' | 'bundle' | 'default'
  sentence: string
}

/** Every option of an application with its value in force, and who set it. */
export async function readOptions(work: Workspace, app: string): Promise<Record<string, OptionInForce>> {
  const application = requireApplication((await readModel(work)).model, app)
  const meta = requireCharmOf(application, work.charms)
  const values = optionsInForce(meta, application)
  const docs = optionDocs(meta).filter(({ path }) => Object.hasOwn(meta.config.shape, path))
  return Object.fromEntries(
    docs.map(({ path, sentence }): [string, OptionInForce] => {
      const source = Object.hasOwn(application.setOptions, path)
        ? 'config'
        : Object.hasOwn(application.bundleOptions, path)
          ? 'bundle'
          : 'default'
      return [path, { value: values[path], source, sentence }]
    }),
  )
}
