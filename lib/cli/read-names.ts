import { charms } from '../../charms/index.ts'
import { readOrNothing } from '../run/read-model.ts'
import type { Names } from './complete.ts'
import { openWorkspace } from './workspace.ts'

/** The names in the model that the words of a command speak of; none where there is no model. */
export async function readNames(words: string[]): Promise<Names> {
  const at = words.findIndex((word) => word === '--model' || word === '-m')
  const { store, name } = openWorkspace({ model: at < 0 ? process.env['KCHARM_MODEL'] : words[at + 1] }, 'complete')
  const stored = await readOrNothing({ store, name })
  return {
    applications: Object.keys(stored?.model.applications ?? {}),
    units: (stored?.units ?? []).map(({ record }) => record.unit),
    machines: Object.keys(stored?.model.machines ?? {}),
    models: await store.list(),
    charms: Object.keys(charms),
  }
}
