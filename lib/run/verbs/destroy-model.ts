import { mapRecord } from '../../model/map-record.ts'
import type { Verb } from '../verb.ts'

/** `destroy-model`: every application and relation goes, on every machine. */
export const destroyModel: Verb = {
  title: 'destroy-model',
  declare(before) {
    const { model } = before
    const applications = mapRecord(model.applications, (_name, each) => ({ ...each, life: 'absent' as const }))
    const relations = model.relations.map((each) => ({ ...each, life: 'absent' as const }))
    return { ...before, model: { ...model, applications, relations } }
  },
}
