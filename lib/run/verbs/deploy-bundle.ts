import { applyBundle } from '../../model/apply-bundle.ts'
import type { Bundle } from '../../model/bundle.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import type { Declarations, Verb } from '../verb.ts'
import { type DeployTerms, withOptions, withResources } from './deploy-terms.ts'

export interface BundleTerms extends DeployTerms {
  /** Takes away what vanished from the bundle. */
  prune: boolean
}

/** `deploy bundle`: the bundle laid over what is declared, then what the command line says beside it. */
export function deployBundle(bundle: Bundle, terms: BundleTerms, charms: Record<string, CharmMeta>): Verb {
  const given = withResources(bundle, terms)
  return {
    title: `deploy bundle ${bundle.file}`,
    restores: 'from machines',
    declare(before) {
      const inventory = terms.inventory ?? before.inventory
      const applied = applyBundle(withFreshMachines(before, inventory?.machines ?? []), given, {
        charms,
        inventory: inventory?.machines ?? [],
        bind: terms.bind,
        previous: before.bundle,
        prune: terms.prune,
      })
      return {
        model: withOptions(applied.model, terms.options, charms),
        bundle: applied.record,
        ...(inventory ? { inventory } : {}),
        notes: { vanished: applied.vanished, pruned: terms.prune, kept: applied.kept },
      }
    },
  }
}

/** Machines that are in the model already get the address that the inventory gives them today. */
export function withFreshMachines({ model }: Declarations, inventory: Declarations['model']['machines'][string][]) {
  const fresh = inventory.filter((machine) => Object.hasOwn(model.machines, machine.name))
  return { ...model, machines: { ...model.machines, ...Object.fromEntries(fresh.map((each) => [each.name, each])) } }
}
