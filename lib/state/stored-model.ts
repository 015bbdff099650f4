import { z } from 'zod'
import { KcharmError } from '../errors/index.ts'
import type { UnitRecord } from '../lifecycle/manifest.ts'
import { rollout } from '../model/bundle-schema.ts'
import type { BundleRecord } from '../model/bundle-record.ts'
import type { Machine, Model } from '../model/declaration.ts'
import type { Json } from '../model/json.ts'

/** One model as the operator's side remembers it. The machines' manifests can restore all but `inventory` and `hints`. */
export interface StoredModel {
  version: 1
  model: Model
  /** Absent: no bundle was deployed. */
  bundle?: BundleRecord
  inventory?: RememberedInventory
  /** When machines were last visited, ISO time. */
  visited?: string
  units: SeenUnit[]
  /** Machines that failed when they were last visited. */
  faults: Record<string, { code: string; message: string; hint?: string }>
  /** What the last plan of each machine read, to be asked for at once the next time. */
  hints: Record<string, CellHint[]>
}

export interface RememberedInventory {
  file: string
  machines: Machine[]
}

/** A unit as it was last seen on its machine. */
export interface SeenUnit {
  machine: string
  record: UnitRecord
  status: string
  message?: string
  hint?: string
  /** ISO time. */
  seen: string
}

export interface CellHint {
  key: string
  reads: string[]
}

const json: z.ZodType<Json> = z.json()
const options = z.record(z.string(), json)
const life = z.enum(['present', 'absent'])
const resource = z.strictObject({
  from: z.string(),
  sha256: z.exactOptional(z.string()),
  fetch: z.exactOptional(z.enum(['auto', 'node', 'operator'])),
})

const application = z.strictObject({
  name: z.string(),
  charm: z.string(),
  path: z.exactOptional(z.string()),
  bundleOptions: options,
  setOptions: options,
  resources: z.record(z.string(), resource),
  back: z.exactOptional(z.string()),
  machines: z.array(z.string()),
  life,
})

const end = z.strictObject({ app: z.string(), endpoint: z.string() })

const machine = z.strictObject({
  name: z.string(),
  address: z.string(),
  ownAddress: z.string(),
  port: z.exactOptional(z.number()),
  user: z.exactOptional(z.string()),
  key: z.exactOptional(z.string()),
  jump: z.exactOptional(z.string()),
  password: z.exactOptional(z.string()),
  sudo: z.exactOptional(z.enum(['none', 'nopasswd', 'password'])),
  sudoPassword: z.exactOptional(z.string()),
  knownHosts: z.exactOptional(z.string()),
  sshConfig: z.exactOptional(z.string()),
  tags: z.array(z.string()),
  variables: z.exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
})

const model = z.strictObject({
  name: z.string(),
  id: z.string(),
  applications: z.record(z.string(), application),
  relations: z.array(z.strictObject({ provider: end, requirer: end, life })),
  machines: z.record(z.string(), machine),
})

const record = z.looseObject({
  unit: z.string(),
  app: z.string(),
  charm: z.string(),
  state: z.string(),
  version: z.exactOptional(z.string()),
  applied: z.exactOptional(z.string()),
  bags: z.record(z.string(), json),
  message: z.exactOptional(z.string()),
  fault: z.exactOptional(z.object({ message: z.string(), hint: z.exactOptional(z.string()) })),
  options,
  set: z.array(z.string()),
  resources: z.exactOptional(z.record(z.string(), z.object({ name: z.string(), sha256: z.string() }))),
  links: z.array(z.object({ endpoint: z.string(), peer: z.string(), remote: z.string() })),
})

const bundle = z.strictObject({
  applications: z.record(z.string(), z.array(z.string())),
  relations: z.array(z.string()),
  machines: z.array(z.string()),
  bound: z.record(z.string(), z.string()),
  rollout: z.exactOptional(rollout),
})

/** What `model.json` and saved plans hold. */
export const storedModelSchema: z.ZodType<StoredModel> = z.strictObject({
  version: z.literal(1),
  model,
  bundle: z.exactOptional(bundle),
  inventory: z.exactOptional(z.strictObject({ file: z.string(), machines: z.array(machine) })),
  visited: z.exactOptional(z.string()),
  units: z.array(
    z.strictObject({
      machine: z.string(),
      record,
      status: z.string(),
      message: z.exactOptional(z.string()),
      hint: z.exactOptional(z.string()),
      seen: z.string(),
    }),
  ),
  faults: z.record(
    z.string(),
    z.strictObject({ code: z.string(), message: z.string(), hint: z.exactOptional(z.string()) }),
  ),
  hints: z.record(z.string(), z.array(z.strictObject({ key: z.string(), reads: z.array(z.string()) }))),
})

/** Throws `no-model` when the text is not a stored model: it was damaged, or a later kcharm wrote it. */
export function parseStoredModel(text: string, file: string): StoredModel {
  const parsed = storedModelSchema.safeParse(jsonOrNothing(text))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue ? ` (${issue.path.join('.')}: ${issue.message})` : ''
  throw new KcharmError('no-model', `${file} cannot be read as a model of this version of kcharm${place}`, {
    hint: 'move it away; kcharm deploy bundle BUNDLE --inventory FILE then restores the model from its machines',
  })
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
