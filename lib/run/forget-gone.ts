import type { CharmMeta } from '../model/charm-meta.ts'
import { unitsOf } from '../model/units.ts'
import type { SeenUnit } from '../state/stored-model.ts'
import type { Declarations } from './verb.ts'

/** Drops what was to go and of which no unit is left: applications, relations, and machines that nothing names. */
export function forgetGone<D extends Declarations>(
  declared: D,
  { units, charms }: { units: SeenUnit[]; charms: Record<string, CharmMeta> },
): D {
  const { model, bundle } = declared
  const recorded = units.map(({ machine, record: { unit, app, charm } }) => ({ machine, unit, app, charm }))
  const leaving = new Set(
    unitsOf(model, { recorded, charms }).flatMap((each) => (each.life === 'absent' ? each.app : [])),
  )
  const held = new Set(recorded.map(({ app }) => app))
  const applications = Object.values(model.applications).filter(
    ({ name, life }) => life === 'present' || held.has(name),
  )
  const there = new Set(applications.map(({ name }) => name))
  const relations = model.relations.filter(({ provider, requirer, life }) => {
    const apps = [provider.app, requirer.app]
    return apps.every((app) => there.has(app)) && (life === 'present' || apps.some((app) => leaving.has(app)))
  })
  const used = [
    ...applications.flatMap(({ machines }) => machines),
    ...recorded.map(({ machine }) => machine),
    ...(bundle?.machines ?? []),
  ]
  const machines = Object.entries(model.machines).filter(([name]) => used.includes(name))
  return {
    ...declared,
    model: {
      ...model,
      applications: Object.fromEntries(applications.map((each) => [each.name, each])),
      relations,
      machines: Object.fromEntries(machines),
    },
  }
}
