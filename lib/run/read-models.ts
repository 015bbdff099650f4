import type { ModelStore } from '../state/store.ts'

export interface ModelReport {
  name: string
  /** Commands work with it unless they name another. */
  current: boolean
  machines: number
  units: number
  /** When machines were last visited, ISO time. */
  visited?: string
  /** It cannot be read. */
  fault?: string
}

/** All models of the operator's side; one that cannot be read says why. */
export async function readModels(store: ModelStore, current: string): Promise<ModelReport[]> {
  return await Promise.all((await store.list()).map((name) => readOne(store, name, current)))
}

async function readOne(store: ModelStore, name: string, current: string): Promise<ModelReport> {
  const is = { name, current: name === current }
  try {
    const stored = await store.read(name)
    const machines = Object.keys(stored?.model.machines ?? {}).length
    const visited = stored?.visited
    return { ...is, machines, units: stored?.units.length ?? 0, ...(visited === undefined ? {} : { visited }) }
  } catch (error) {
    return { ...is, machines: 0, units: 0, fault: error instanceof Error ? error.message : String(error) }
  }
}
