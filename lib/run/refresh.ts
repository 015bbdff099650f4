import { type Code, KcharmError } from '../errors/index.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { closeFleet } from './fleet.ts'
import { worstOf } from './outcome.ts'
import { prepare } from './prepare.ts'
import { readModel } from './read-model.ts'
import { afterwards } from './remembered.ts'
import type { Workspace } from './workspace.ts'

/** Reads all machines of the model and remembers what was seen. Changes nothing there. */
export async function refresh(work: Workspace): Promise<{ stored: StoredModel; worst: Code | undefined }> {
  const lock = await work.store.lock(work.name, work.holder)
  try {
    const before = await readModel(work)
    const verb = { title: 'status --refresh', declare: () => before }
    const { fleet, wanted } = await prepare(work, { verb, before, stored: before, looksOnly: true })
    await closeFleet(fleet)
    const stored = afterwards(work, { wanted, stored: before, fleet })
    await work.store.write(stored)
    return { stored, worst: worstOf({ wanted, plans: [], failed: fleet.failed, units: [], carriedOut: true }) }
  } finally {
    await lock.release()
  }
}

/** The same; while somebody else works on the model, what they have recorded so far. */
export async function lookAgain(work: Workspace): Promise<StoredModel> {
  try {
    return (await refresh(work)).stored
  } catch (error) {
    if (error instanceof KcharmError && error.code === 'locked') return await readModel(work)
    throw error
  }
}
