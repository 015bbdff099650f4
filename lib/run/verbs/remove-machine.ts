import { KcharmError } from '../../errors/index.ts'
import { problemText } from '../../model/faults.ts'
import { mapRecord } from '../../model/map-record.ts'
import type { SeenUnit } from '../../state/stored-model.ts'
import type { Verb } from '../verb.ts'

/** `remove-machine NAME`: its units go; once nothing is left there, the model forgets it. `units`: of the whole model. */
export function removeMachine(name: string, units: SeenUnit[]): Verb {
  return {
    title: `remove-machine ${name}`,
    declare(before) {
      const { model } = before
      if (!Object.hasOwn(model.machines, name)) {
        const meant = { word: name, among: Object.keys(model.machines) }
        throw new KcharmError('not-found', problemText({ path: [], what: `the model has no machine ${name}`, meant }))
      }
      const applications = mapRecord(model.applications, (_app, each) => ({
        ...each,
        machines: each.machines.filter((machine) => machine !== name),
      }))
      const isEmpty = !units.some(({ machine }) => machine === name)
      const machines = Object.fromEntries(Object.entries(model.machines).filter(([each]) => !isEmpty || each !== name))
      return { ...before, model: { ...model, applications, machines }, machines: isEmpty ? [] : [name] }
    },
  }
}
