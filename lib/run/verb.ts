import type { Applied } from '../model/apply-bundle.ts'
import type { BundleRecord, Vanished } from '../model/bundle-record.ts'
import type { Model } from '../model/declaration.ts'
import type { RememberedInventory } from '../state/stored-model.ts'

/** What is declared, with what of the last bundle and inventory is remembered. */
export interface Declarations {
  model: Model
  bundle?: BundleRecord
  inventory?: RememberedInventory
  /** There is no record: the model is new, or its record was lost. */
  lost?: true
}

/** What a verb makes of the declarations. */
export interface Wanted extends Declarations {
  /** Only machines with units of these applications are visited; absent: those of all. */
  apps?: string[]
  /** Only these machines are visited; absent: all. */
  machines?: string[]
  /** Only this unit's life is walked. */
  only?: string
  /** Applications whose units try again what they refused. */
  retries?: string[]
  /** Applications whose units keep no earlier version, as far as nothing runs from it. */
  prunes?: string[]
  notes?: Notes
}

/** What a person should hear beside the plan. */
export interface Notes {
  vanished: Vanished
  pruned: boolean
  kept: Applied['kept']
}

/** One thing that an operator can ask for. */
export interface Verb {
  /** As the journal names it: `relate kata containerd`. Holds no values of options: they may be secret. */
  title: string
  /** It needs no record of the model: it brings the whole, or enough to find the rest in the machines' manifests. */
  restores?: 'itself' | 'from machines'
  /** Pure. Asked a second time when the model had to be rebuilt. */
  declare(before: Declarations): Wanted
}
