import { KcharmError } from '../errors/index.ts'
import type { Line } from '../lifecycle/manifest.ts'
import type { Model } from '../model/declaration.ts'

/** A machine that another model has changed is refused, by name. */
export function assertOurs(machine: string, lines: Line[], model: Pick<Model, 'id' | 'name'>): void {
  const owner = lines.find((line) => line.t === 'model')
  if (owner === undefined || owner.id === model.id) return
  throw new KcharmError('foreign-model', `${machine} belongs to the model ${owner.name}`, {
    machine,
    hint: `use --model ${owner.name}, or remove what that model has there first`,
  })
}
