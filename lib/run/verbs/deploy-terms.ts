import { KcharmError } from '../../errors/index.ts'
import type { Bundle, BundleApplication } from '../../model/bundle.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import type { Application, Model, ResourceRef } from '../../model/declaration.ts'
import { problemText } from '../../model/faults.ts'
import { type Lockfile, withLockedDigest } from '../../model/lockfile.ts'
import { mapRecord } from '../../model/map-record.ts'
import { parseOptions } from '../../model/options.ts'
import type { RememberedInventory } from '../../state/stored-model.ts'

/** What the command line of a deploy says beside bundle or charm. */
export interface DeployTerms {
  inventory?: RememberedInventory
  /** `--machine ID=ADDRESS`. */
  bind: Record<string, string>
  /** `--resource APP:NAME=FROM`: by application, by resource, where the bytes are. */
  resources: Record<string, Record<string, string>>
  /** `--config [APP:]KEY=VALUE`: by application. */
  options: Record<string, Record<string, string>>
  lock: Lockfile
}

/** The bundle with the command line's resources, and each resource with the digest that somebody vouched for. */
export function withResources(bundle: Bundle, terms: DeployTerms): Bundle {
  refuseUnknownApps(terms.resources, Object.keys(bundle.applications), '--resource')
  return { ...bundle, applications: mapRecord(bundle.applications, (app, given) => dressed(app, given, terms)) }
}

/** Sets options as `config` does. */
export function withOptions(model: Model, options: DeployTerms['options'], charms: Record<string, CharmMeta>): Model {
  refuseUnknownApps(options, Object.keys(model.applications), '--config')
  const set = mapRecord(options, (app, pairs): Application => {
    const application = model.applications[app]
    const meta = application && charms[application.charm]
    if (!application || !meta) throw new KcharmError('not-found', `application ${app}: there is no charm for it`)
    return { ...application, setOptions: { ...application.setOptions, ...parseOptions(meta, pairs) } }
  })
  return { ...model, applications: { ...model.applications, ...set } }
}

/** Bytes from elsewhere are still the bytes that the bundle's digest names. */
export function resourcesOf(
  declared: Record<string, ResourceRef>,
  given: Record<string, string>,
  lock: Lockfile,
): Record<string, ResourceRef> {
  const moved = mapRecord(given, (name, from): ResourceRef => ({ ...declared[name], from }))
  return mapRecord({ ...declared, ...moved }, (_name, ref) => withLockedDigest(ref, lock))
}

/** Throws `invalid-option` for a resource that the charm does not have. */
export function refuseUnknownResources(app: string, meta: CharmMeta, given: Record<string, string>): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(meta.resources, name))
  if (unknown === undefined) return
  const meant = { word: unknown, among: Object.keys(meta.resources) }
  throw new KcharmError(
    'invalid-option',
    problemText({ path: [], what: `--resource: ${app} has no resource ${unknown}`, meant }),
  )
}

function dressed(app: string, given: BundleApplication, { resources, lock }: DeployTerms): BundleApplication {
  return { ...given, resources: resourcesOf(given.resources, resources[app] ?? {}, lock) }
}

function refuseUnknownApps(named: Record<string, unknown>, among: string[], flag: string): void {
  const unknown = Object.keys(named).find((app) => !among.includes(app))
  if (unknown === undefined) return
  const what = `${flag}: unknown application ${unknown}`
  throw new KcharmError('not-found', problemText({ path: [], what, meant: { word: unknown, among } }))
}
