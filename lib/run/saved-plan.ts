import { z } from 'zod'
import { KcharmError } from '../errors/index.ts'
import { digest } from '../model/json.ts'
import { type Answered, isAnother } from '../plan/answered.ts'
import type { PlannedChange } from '../plan/plan-site.ts'
import { type StoredModel, storedModelSchema } from '../state/stored-model.ts'
import type { Fleet, FleetSite } from './fleet.ts'
import type { Outcome } from './outcome.ts'
import { remembered } from './remembered.ts'
import type { Verb, Wanted } from './verb.ts'

/**
 * A plan in a file: nothing but this will be carried out. Texts that were read of machines are masked; the declarations
 * stand in it as they were given, so it is for its owner's eyes.
 */
export interface SavedPlan {
  format: 1
  kcharm: string
  made: string
  title: string
  /** Digest of the declarations that it was made from; absent: there were none, or their record was lost. */
  based?: string
  /** The declarations after it. */
  after: StoredModel
  only?: string
  machines: SavedSite[]
}

export interface SavedSite {
  machine: string
  changes: PlannedChange[]
  reads: Record<string, string>
  answered?: Answered
}

const change = z.looseObject({
  unit: z.string(),
  stage: z.string(),
  key: z.string(),
  verb: z.string(),
  after: z.string(),
  mayChange: z.boolean(),
  why: z.exactOptional(z.string()),
  intent: z.exactOptional(z.string()),
  texts: z.exactOptional(z.object({ before: z.string(), after: z.string() })),
})

const schema: z.ZodType<SavedPlan> = z.strictObject({
  format: z.literal(1),
  kcharm: z.string(),
  made: z.string(),
  title: z.string(),
  based: z.exactOptional(z.string()),
  after: storedModelSchema,
  only: z.exactOptional(z.string()),
  machines: z.array(
    z.strictObject({
      machine: z.string(),
      changes: z.array(change),
      reads: z.record(z.string(), z.string()),
      answered: z.exactOptional(z.object({ id: z.string(), hostname: z.string() })),
    }),
  ),
})

/** What `plan --out` writes. `mask` hides secrets in texts. Throws where a machine could not be planned. */
export function savePlan(
  { wanted, plans, failed }: Outcome,
  with_: { title: string; version: string; before: StoredModel | undefined; mask<T>(value: T): T },
): SavedPlan {
  const [first] = failed
  if (first) {
    const machines = failed.map(({ machine }) => machine).join(', ')
    throw new KcharmError(first.error.code, `no plan was written: ${machines} could not be planned`)
  }
  const { title, version, before, mask } = with_
  return {
    format: 1,
    kcharm: version,
    made: new Date().toISOString(),
    title,
    ...(before ? { based: basis(before) } : {}),
    after: { ...remembered(wanted, undefined) },
    ...(wanted.only === undefined ? {} : { only: wanted.only }),
    machines: plans.map(({ machine, changes, reads, answered }) => {
      return { machine, changes: mask(changes), reads, ...(answered ? { answered } : {}) }
    }),
  }
}

interface PlanFile {
  file: string
  version: string
  /** The model that it is to be applied to. */
  model: string
}

/** Throws `usage` for what is no plan or another model's, `plan-stale` for another version's. */
export function parseSavedPlan(text: string, { file, version, model }: PlanFile): SavedPlan {
  const parsed = schema.safeParse(jsonOrNothing(text))
  if (!parsed.success) throw new KcharmError('usage', `${file} is not a plan that kcharm plan --out wrote`)
  const { kcharm, after } = parsed.data
  if (after.model.name !== model) {
    throw new KcharmError('usage', `${file} is for the model ${after.model.name}, not for ${model}`, {
      hint: `add --model ${after.model.name}`,
    })
  }
  if (kcharm === version) return parsed.data
  throw new KcharmError('plan-stale', `${file} was made by kcharm ${kcharm}; this is ${version}`, {
    hint: 'plan again',
  })
}

/** The declarations that the plan was made for. Throws `plan-stale` when they were changed since. */
export function applySaved(saved: SavedPlan, file: string): Verb {
  return {
    title: `apply ${file} (${saved.title})`,
    restores: 'itself',
    declare(before): Wanted {
      const { model, bundle, inventory } = saved.after
      if (!before.lost && basis(before) !== saved.based) {
        throw new KcharmError(
          'plan-stale',
          `what is declared in the model ${model.name} has changed since ${file} was made`,
          {
            hint: 'plan again and look at what is different',
          },
        )
      }
      return {
        model,
        ...(bundle ? { bundle } : {}),
        ...(inventory ? { inventory } : {}),
        ...(saved.only === undefined ? {} : { only: saved.only }),
      }
    },
  }
}

/** What is carried out is what was saved; gives what a person should see. Throws `plan-stale`, naming what is different. */
export function settleSaved(saved: SavedPlan, fleet: Fleet): string[] {
  const faults = fleet.sites.flatMap((site) => driftOf(site, saved.machines))
  if (faults.length > 0) {
    const hint = 'nothing was changed; plan again and look at what is different'
    throw new KcharmError('plan-stale', 'the machines are not as they were when the plan was made', { faults, hint })
  }
  for (const site of fleet.sites) {
    const was = saved.machines.find(({ machine }) => machine === site.machine.name)
    if (was) site.plan = { ...site.plan, changes: kept(site, was) }
  }
  return fleet.sites.flatMap((site) => renamed(site, saved.machines))
}

function driftOf({ machine: { name }, plan }: FleetSite, saved: SavedSite[]): string[] {
  const was = saved.find(({ machine }) => machine === name)
  if (was === undefined) return plan.changes.length > 0 ? [`${name}: not in the plan`] : []
  if (isAnother(was.answered, plan.answered)) return [`${name}: another machine answers: its machine-id is another one`]
  const differs = ([key, value]: [string, string]) => Object.hasOwn(plan.reads, key) && plan.reads[key] !== value
  const drifted = Object.entries(was.reads)
    .filter(differs)
    .map(([key]) => key)
  if (drifted.length > 0) return [`${name}: ${drifted.join(', ')}`]
  const fresh = plan.changes.filter((change) => !was.changes.some((each) => isSame(each, change)))
  return fresh.map(({ unit, verb }) => `${name}: ${unit}: ${verb} is not in the plan`)
}

/** The same machine under another name. */
function renamed({ machine: { name }, plan }: FleetSite, saved: SavedSite[]): string[] {
  const was = saved.find(({ machine }) => machine === name)?.answered?.hostname
  const now = plan.answered?.hostname
  if (!was || !now || was === now) return []
  return [`${name}: the same machine calls itself ${now} now; it was ${was} when the plan was made`]
}

/** Fresh texts are better to show; what was saved decides. */
function kept({ plan }: FleetSite, was: SavedSite): PlannedChange[] {
  return plan.changes.filter((change) => was.changes.some((each) => isSame(each, change)))
}

function isSame(a: PlannedChange, b: PlannedChange): boolean {
  return a.unit === b.unit && a.stage === b.stage && a.key === b.key && a.after === b.after
}

function basis({ model, bundle }: Pick<StoredModel, 'model' | 'bundle'>): string {
  return digest({ model, bundle })
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
