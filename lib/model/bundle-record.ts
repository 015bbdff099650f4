import type { Bundle } from './bundle.ts'
import type { BundleRollout } from './bundle-schema.ts'
import type { Application, Model, Relation } from './declaration.ts'
import { mapRecord } from './map-record.ts'
import type { Placing } from './place-bundle.ts'
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
  rollout?: BundleRollout
}

export interface Vanished {
  applications: string[]
  relations: Relation[]
  /** Still in the model, so that they can be reached; the caller drops them once they hold no unit. */
  machines: string[]
  /** Of applications and machines that are both still named. */
  units: { app: string; machine: string }[]
}

export const NONE: BundleRecord = { applications: {}, relations: [], machines: [], bound: {} }
export const NOBODY: Vanished = { applications: [], relations: [], machines: [], units: [] }

export function vanishedFrom(
  model: Model,
  bundle: Bundle,
  { previous, placing }: { previous: BundleRecord; placing: Placing },
): Vanished {
  const machines = new Set(placing.machines.map(({ name }) => name))
  const left = previous.machines.filter((name) => !machines.has(name) && Object.hasOwn(model.machines, name))
  const relations = new Set(bundle.relations.map(relationText))
  return {
    applications: Object.keys(previous.applications).filter(
      (app) => !Object.hasOwn(bundle.applications, app) && presentIn(model, app) !== undefined,
    ),
    relations: model.relations.filter((relation) => {
      const text = relationText(relation)
      return relation.life === 'present' && previous.relations.includes(text) && !relations.has(text)
    }),
    machines: left,
    units: Object.entries(placing.places).flatMap(([app, places]) => {
      const before = presentIn(model, app)?.machines ?? []
      const off = before.filter((machine) => !places.includes(machine) && !left.includes(machine))
      return off.map((machine) => ({ app, machine }))
    }),
  }
}

/** An application that is being removed is named anew by a bundle: nothing of before holds. */
export function presentIn({ applications }: Model, name: string): Application | undefined {
  const application = Object.hasOwn(applications, name) ? applications[name] : undefined
  return application?.life === 'present' ? application : undefined
}

/** What is to be remembered; `staying` vanished from the bundle and is still there. */
export function recordOf(
  bundle: Bundle,
  { placing, staying, previous }: { placing: Placing; staying: Vanished; previous: BundleRecord },
): BundleRecord {
  const old = staying.applications.map((app) => [app, previous.applications[app] ?? []] as const)
  return {
    applications: {
      ...Object.fromEntries(old),
      ...mapRecord(bundle.applications, (_name, { resources }) => Object.keys(resources)),
    },
    relations: [...bundle.relations, ...staying.relations].map(relationText),
    machines: [...placing.machines.map(({ name }) => name), ...staying.machines],
    bound: placing.bound,
    ...(bundle.rollout ? { rollout: bundle.rollout } : {}),
  }
}
