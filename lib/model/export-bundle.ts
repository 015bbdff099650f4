import type { BundleRollout } from './bundle-schema.ts'
import type { Application, Machine, Model, ResourceRef } from './declaration.ts'
import { mapRecord } from './map-record.ts'
import { escaped } from './variables.ts'

/** The model as a bundle: what deploying it again would declare. Plain data, to be written as YAML. */
export function exportBundle(model: Model, rollout?: BundleRollout): Record<string, unknown> {
  const present = Object.fromEntries(Object.entries(model.applications).filter(([, { life }]) => life === 'present'))
  const used = new Set(Object.values(present).flatMap(({ machines }) => machines))
  const relations = model.relations.filter(({ life }) => life === 'present')
  return {
    applications: mapRecord(present, (_name, application) => exported(application, model.machines)),
    ...(relations.length === 0
      ? {}
      : { relations: relations.map(({ requirer, provider }) => [endText(requirer), endText(provider)]) }),
    machines: Object.fromEntries(
      Object.values(model.machines)
        .filter(({ name }) => used.has(name))
        .map(({ name, tags }) => [name, tags.length === 0 ? null : { tags }]),
    ),
    ...(rollout ? { rollout } : {}),
  }
}

function exported(
  { charm, path, bundleOptions, setOptions, resources, machines }: Application,
  all: Record<string, Machine>,
) {
  const options = plain({ ...bundleOptions, ...setOptions })
  const isEverywhere = machines.length === Object.keys(all).length
  return {
    charm: path === undefined ? charm : escaped(path),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(Object.keys(resources).length === 0 ? {} : { resources: mapRecord(resources, (_name, ref) => file(ref)) }),
    ...(machines.length === 0 ? {} : { to: isEverywhere ? 'all' : machines }),
  }
}

function file({ from, sha256, fetch }: ResourceRef) {
  const place = /^https?:\/\//i.test(from) ? { url: escaped(from) } : { path: escaped(from) }
  return { ...place, ...(sha256 === undefined ? {} : { sha256 }), ...(fetch === undefined ? {} : { fetch }) }
}

/** Nothing in it is to be taken for a variable. */
function plain(options: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(options), (_key, value: unknown) =>
    typeof value === 'string' ? escaped(value) : value,
  ) as Record<string, unknown>
}

function endText({ app, endpoint }: { app: string; endpoint: string }): string {
  return `${app}:${endpoint}`
}
