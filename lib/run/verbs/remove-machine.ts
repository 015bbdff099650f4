import { mapRecord } from '../../model/map-record.ts'
import type { Verb } from '../verb.ts'
import { requireMachine } from './require-machine.ts'

/** `remove-machine NAME`: nothing names it any more, so it is forgotten when its last unit has gone. Throws `not-found`. */
export function removeMachine(name: string): Verb {
  const others = (names: string[]): string[] => names.filter((each) => each !== name)
  return {
    title: `remove-machine ${name}`,
    declare(before) {
      const { model, bundle } = before
      requireMachine(model, name)
      const applications = mapRecord(model.applications, (_app, each) => ({ ...each, machines: others(each.machines) }))
      return {
        ...before,
        model: { ...model, applications },
        ...(bundle === undefined ? {} : { bundle: { ...bundle, machines: others(bundle.machines) } }),
        machines: [name],
      }
    },
  }
}
