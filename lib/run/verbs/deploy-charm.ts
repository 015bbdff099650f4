import { KcharmError } from '../../errors/index.ts'
import type { Bundle } from '../../model/bundle.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import { charmKey, isSameCharm } from '../../model/charm-of.ts'
import type { Application } from '../../model/declaration.ts'
import { presentIn } from '../../model/bundle-record.ts'
import { parseTarget, type Placement } from '../../model/placement.ts'
import { placings } from '../../model/place-bundle.ts'
import type { Verb } from '../verb.ts'
import { withFreshMachines } from './deploy-bundle.ts'
import { type DeployTerms, refuseUnknownResources, resourcesOf, withOptions } from './deploy-terms.ts'

export interface CharmTerms extends DeployTerms {
  /** The application's name; default: the charm's. */
  app?: string
  /** The charm's folder, absolute, where it does not come with kcharm. */
  path?: string
  /** `--to`; none: all machines. */
  to: string[]
}

/** `deploy CHARM`: one application, on more machines when it is there already. No bundle will take it away again. */
export function deployCharm(meta: CharmMeta, terms: CharmTerms, charms: Record<string, CharmMeta>): Verb {
  const app = terms.app ?? meta.name
  const charm = charmKey(meta)
  refuseUnknownResources(app, meta, terms.resources[app] ?? {})
  return {
    title: `deploy ${meta.name}${app === meta.name ? '' : ` as ${app}`}`,
    restores: 'from machines',
    declare(before) {
      const inventory = terms.inventory ?? before.inventory
      const model = withFreshMachines(before, inventory?.machines ?? [])
      const known = presentIn(model, app)
      if (known && !isSameCharm(known.charm, charm)) throw otherCharm(app, known)
      const placing = placings(asBundle(app, meta, terms.to), {
        ...terms,
        inventory: inventory?.machines ?? [],
        bound: before.bundle?.bound ?? {},
      })
      const application: Application = {
        ...(known ?? { name: app, bundleOptions: {}, setOptions: {}, life: 'present' }),
        charm,
        ...(terms.path === undefined ? {} : { path: terms.path }),
        resources: resourcesOf(known?.resources ?? {}, terms.resources[app] ?? {}, terms.lock),
        machines: [...new Set([...(known?.machines ?? []), ...(placing.places[app] ?? [])])],
      }
      const machines = Object.fromEntries(placing.machines.map((machine) => [machine.name, machine]))
      const next = {
        ...model,
        applications: { ...model.applications, [app]: application },
        machines: { ...model.machines, ...machines },
      }
      const bundle = before.bundle ? { bundle: before.bundle } : {}
      return { model: withOptions(next, terms.options, charms), ...bundle, ...(inventory ? { inventory } : {}) }
    },
  }
}

/** Placement is a bundle's business; this is the smallest one. */
function asBundle(app: string, meta: CharmMeta, to: string[]): Bundle {
  const all = to.length === 0 || to.includes('all')
  const at = '--to'
  const targets: Placement['targets'] = meta.subordinate
    ? []
    : all
      ? 'all'
      : to.map((text) => parseTarget(text, '--to'))
  const application = { charm: meta.name, options: {}, resources: {}, placement: { targets, at }, at }
  return { file: 'the command line', applications: { [app]: application }, relations: [] }
}

function otherCharm(app: string, known: Application): KcharmError {
  return new KcharmError('usage', `application ${app} runs the charm ${known.charm}`, {
    hint: 'choose another name: --name',
  })
}
