import type { CharmMeta } from '../model/charm-meta.ts'
import type { Machine } from '../model/declaration.ts'
import { endText } from '../model/match-ends.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { statusOfModel } from './status.ts'
import { requireApplication } from './verbs/require-application.ts'
import { requireMachine } from './verbs/require-machine.ts'
import { requireUnit } from './verbs/require-unit.ts'

/** One machine as it is known here. Names of secrets, never secrets. */
export type MachineReport = Machine & {
  units: Record<string, string>
  /** When it last answered, ISO time. */
  seen?: string
  fault?: { code: string; message: string; hint?: string }
}

/** The machine that a unit's or a machine's name stands for. Throws `not-found` with a near miss. */
export function machineOf({ model, units }: StoredModel, name: string): Machine {
  return requireMachine(model, name.includes('/') ? requireUnit(name, units).machine : name)
}

export function machineReports(stored: StoredModel): MachineReport[] {
  return Object.keys(stored.model.machines).map((name) => machineReport(stored, name))
}

export function machineReport(stored: StoredModel, name: string): MachineReport {
  const machine = machineOf(stored, name)
  const units = stored.units.filter((unit) => unit.machine === machine.name)
  const seen = units
    .map((unit) => unit.seen)
    .sort()
    .at(-1)
  const fault = stored.faults[machine.name]
  return {
    ...machine,
    units: Object.fromEntries(units.map(({ record, status }) => [record.unit, status])),
    ...(seen === undefined ? {} : { seen }),
    ...(fault === undefined ? {} : { fault }),
  }
}

/** What is declared of an application, and how its units are. */
export function applicationReport(stored: StoredModel, name: string, charms: Record<string, CharmMeta>): object {
  const { charm, bundleOptions, setOptions, resources, machines } = requireApplication(stored.model, name)
  const status = statusOfModel(stored, charms).applications[name]
  const related = stored.model.relations.filter(
    ({ provider, requirer, life }) => life === 'present' && [provider.app, requirer.app].includes(name),
  )
  return {
    application: name,
    charm,
    status: status?.status ?? 'unknown',
    subordinate: status?.subordinate ?? false,
    options: { bundle: bundleOptions, set: setOptions },
    resources,
    machines,
    relations: related.map(({ requirer, provider }) => [endText(requirer), endText(provider)]),
    units: status?.units ?? {},
  }
}
