import { checkLimits, mergeRelations } from './apply-relations.ts'
import { bindMachines, type Binding } from './bind-machines.ts'
import type { Bundle, BundleApplication } from './bundle.ts'
import type { CharmMeta } from './charm-meta.ts'
import type { Application, Machine, Model, Relation } from './declaration.ts'
import { problemText, refusal } from './faults.ts'
import { placed } from './placement.ts'
import { relationText } from './relate.ts'

/**
 * What the deployed bundles named, to be kept with the model: only that can vanish. What a verb made (`relate`, `config`,
 * `deploy CHARM`) stays until a verb takes it away. What vanished and was not pruned stays in the record.
 */
export interface BundleRecord {
  /** By application, the resources that the bundle named. */
  applications: Record<string, string[]>
  /** As `relationText` writes them. */
  relations: string[]
  machines: string[]
  /** The machine of each of the bundle's names. */
  bound: Record<string, string>
}

export interface Vanished {
  applications: string[]
  relations: Relation[]
  /** Still in the model, so that they can be reached; the caller drops them once they hold no unit. */
  machines: string[]
  /** Of applications and machines that are both still named. */
  units: { app: string; machine: string }[]
}

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

const NOTHING: BundleRecord = { applications: {}, relations: [], machines: [], bound: {} }

/**
 * Merges a bundle into what is declared. An option that the last bundle named and this one does not returns to its
 * default; where bundle and `config` name the same one, the bundle wins.
 * Throws `invalid-inventory` when machines are missing, `invalid-bundle` for an application of another charm, `relation`
 * when relations of before and of the bundle are too many together.
 */
export function applyBundle(model: Model, bundle: Bundle, circumstances: Circumstances): Applied {
  const { charms, previous = NOTHING, prune = false } = circumstances
  refuseOtherCharms(model, bundle)
  const { machines, places } = settled(bundle, { ...circumstances, bound: previous.bound })
  const vanished = vanishedFrom(model, bundle, { previous, places, machines: names(machines) })
  const leaving = prune ? vanished : { ...vanished, applications: [], relations: [], machines: [], units: [] }
  const named = mapped(bundle.applications, (name, given) =>
    merged(name, given, { before: presentIn(model, name), machines: places[name] ?? [], named: previous.applications[name] }),
  )
  const applications = mapped({ ...model.applications, ...named }, (name, app) => withLeaving(app, {model, leaving}))
}
