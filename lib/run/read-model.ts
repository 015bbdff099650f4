import { KcharmError } from '../errors/index.ts'
import type { StoredModel } from '../state/stored-model.ts'
import type { Workspace } from './workspace.ts'

type Remembering = Pick<Workspace, 'name' | 'store' | 'recall'>

/** What is remembered of the model, if anything is, with its charms at hand. */
export async function recalled({ store, name, recall }: Remembering): Promise<StoredModel | undefined> {
  const stored = await store.read(name)
  if (stored) await recall?.(stored)
  return stored
}

/** What is remembered of the model. Throws `no-model` with the command that restores it. */
export async function readModel(work: Remembering): Promise<StoredModel> {
  const stored = await recalled(work)
  if (stored === undefined) throw noModel(work)
  return stored
}

export function noModel({ name, store }: Pick<Workspace, 'name' | 'store'>): KcharmError {
  const model = name === 'default' ? '' : ` --model ${name}`
  return new KcharmError('no-model', `there is no record of a model ${name} in ${store.where(name)}`, {
    hint: `kcharm deploy bundle BUNDLE --inventory FILE${model} makes it, or restores it from its machines; kcharm adopt restores it and changes nothing there`,
  })
}

/** For where it does not matter why there is none. */
export async function readOrNothing(work: Pick<Workspace, 'name' | 'store'>): Promise<StoredModel | undefined> {
  return await work.store.read(work.name).catch(() => undefined)
}
