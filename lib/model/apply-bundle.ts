import { KcharmError } from '../errors/index.ts'
import { bindMachines, type Binding } from './bind-machines.ts'
import type { Bundle, BundleApplication } from './bundle.ts'
import { firstOverLimit, mergeRelations } from './apply-relations.ts'
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
