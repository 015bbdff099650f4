import { givenAnew } from './given-anew.ts'
import { checkLimits, mergeRelations } from './apply-relations.ts'
import type { Binding } from './bind-machines.ts'
import type { Bundle, BundleApplication } from './bundle.ts'
import { NOBODY, NONE, presentIn, recordOf, vanishedFrom, type BundleRecord, type Vanished } from './bundle-record.ts'
import type { CharmMeta } from './charm-meta.ts'
import { isSameCharm } from './charm-of.ts'
import type { Application, Model } from './declaration.ts'
import { problemText, refusal } from './faults.ts'
import { placings } from './place-bundle.ts'
import { mapRecord } from './map-record.ts'

export interface Applied {
  model: Model
  /** Without `prune` all of it is as before; with it, it is absent. */
  vanished: Vanished
  /** Options in force that `config` set and no bundle has named. */
  kept: { app: string; key: string; value: unknown }[]
  record: BundleRecord
}

export interface Circumstances extends Omit<Binding, 'bound'> {
  charms: Record<string, CharmMeta>
  /** From the last deploy of a bundle on this model; absent: there was none, or its record is lost. */
  previous?: BundleRecord | undefined
  prune?: boolean
}

/**
 * Merges a bundle into what is declared. An option that the last bundle named and this one does not returns to its
 * default; where bundle and `config` name the same one, the bundle wins.
 * Throws `invalid-inventory` when machines are missing, `invalid-bundle` for an application of another charm, `relation`
 * when the relations of before and those of the bundle are too many together.
 */
export function applyBundle(model: Model, bundle: Bundle, circumstances: Circumstances): Applied {
  const { charms, previous = NONE, prune = false } = circumstances
  refuseOtherCharms(model, bundle)
  const placing = placings(bundle, { ...circumstances, bound: previous.bound })
  const vanished = vanishedFrom(model, bundle, { previous, placing })
  const gone = prune ? vanished : NOBODY
  const named = mapRecord(bundle.applications, (name, given) =>
    merged(given, {
      before: presentIn(model, name) ?? fresh(name),
      machines: placing.places[name] ?? [],
      namedResources: previous.applications[name] ?? [],
    }),
  )
  const merge = { given: bundle.relations, gone }
  const next: Model = {
    ...model,
    applications: mapRecord({ ...model.applications, ...named }, (_name, application) => without(application, gone)),
    relations: mergeRelations(model.relations, merge),
    machines: { ...model.machines, ...Object.fromEntries(placing.machines.map((machine) => [machine.name, machine])) },
  }
  checkLimits(next, charms)
  const staying = prune ? NOBODY : vanished
  return { model: next, vanished, kept: keptOptions(named), record: recordOf(bundle, { placing, staying, previous }) }
}

function refuseOtherCharms(model: Model, { file, applications }: Bundle): void {
  const faults = Object.entries(applications).flatMap(([app, { charm, at }]) => {
    const before = presentIn(model, app)
    if (before === undefined || isSameCharm(before.charm, charm)) return []
    const says = `expected ${before.charm}, which the application has; remove it first, or choose another name`
    return [`${at}: ${problemText({ path: ['applications', app, 'charm'], what: `charm ${charm}`, says })}`]
  })
  if (faults.length > 0) throw refusal('invalid-bundle', file, faults)
}

function fresh(name: string): Omit<Application, 'charm'> {
  return { name, bundleOptions: {}, setOptions: {}, resources: {}, machines: [], life: 'present' }
}

function merged(
  { charm, path, options, resources }: BundleApplication,
  {
    before,
    machines,
    namedResources,
  }: { before: Omit<Application, 'charm'>; machines: string[]; namedResources: string[] },
): Application {
  return {
    ...givenAnew(before),
    charm,
    ...(path === undefined ? {} : { path }),
    bundleOptions: options,
    setOptions: omit(before.setOptions, [...Object.keys(before.bundleOptions), ...Object.keys(options)]),
    resources: { ...omit(before.resources, namedResources), ...resources },
    machines: [...new Set([...machines, ...before.machines])],
  }
}

function without(application: Application, gone: Vanished): Application {
  const leaves = (machine: string): boolean =>
    gone.machines.includes(machine) ||
    gone.units.some((unit) => unit.app === application.name && unit.machine === machine)
  const machines = application.machines.filter((machine) => !leaves(machine))
  return gone.applications.includes(application.name)
    ? { ...application, machines, life: 'absent' }
    : { ...application, machines }
}

function keptOptions(applications: Record<string, Application>): Applied['kept'] {
  return Object.values(applications).flatMap(({ name, setOptions }) =>
    Object.entries(setOptions).map(([key, value]) => ({ app: name, key, value })),
  )
}

function omit<V>(record: Record<string, V>, keys: readonly string[]): Record<string, V> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))
}
