import { randomBytes } from 'node:crypto'
import { KcharmError } from '../errors/index.ts'
import { emptyModel, type Model } from '../model/declaration.ts'
import type { Workspace } from './workspace.ts'

/** Writes down a model with nothing in it. Throws `usage` when there is one by this name. */
export async function addModel({ store, name, holder }: Workspace): Promise<Model> {
  const lock = await store.lock(name, holder)
  try {
    if ((await store.read(name)) !== undefined) throw new KcharmError('usage', `there is a model ${name} already`)
    const model = emptyModel(name, randomBytes(8).toString('hex'))
    await store.write({ version: 1, model, units: [], faults: {}, hints: {} })
    return model
  } finally {
    await lock.release()
  }
}
