import type { z } from 'zod'
import type { HostObject } from '../host/objects.ts'
import type { Blob } from '../host/kind.ts'
import type { Reading } from '../host/view.ts'
import type { CharmMeta } from '../model/charm-meta.ts'
import type { Endpoint, Endpoints, LocalBag } from '../model/endpoint.ts'
import type { Json } from '../model/json.ts'
import type { Action } from './action.ts'
import type { Chart } from './chart.ts'
import type { Context } from './context.ts'
import type { Upgrades } from './upgrades.ts'

/** A question whose answer proves something, asked after the objects of its stage are true. */
export interface Check {
  name: string
  reading: Reading<unknown>
  /** A fault in words, or nothing when all is well. */
  verdict(value: unknown): string | undefined
  /** Seconds to go on asking before a fault counts; default 0. */
  within: number
  /** Seconds that it must stay good, once it is; default 0. */
  steady: number
}

export interface StageOut<E = Endpoints> {
  objects?: HostObject[]
  checks?: Check[]
  publish?: { [K in keyof E]?: LocalBag<E[K]> }
  /** A person must act: what was found, and what mends it. Nothing of this stage is then done. */
  blocked?: { message: string; hint?: string }
  /** The version that is in force once this stage has succeeded. */
  version?: string
  /** It is another's, found on the machine and used as it is: no wish of ours makes another version of it. */
  adopted?: true
  /** What a person should know before it is done: shown with the plan. */
  notes?: string[]
  /** What a person must agree to before it is done: it cannot be taken back, or ends what runs. */
  asks?: string[]
  /** What `status` shows beside the unit from now on. */
  message?: string
}

export type Stage<C, E> = (context: Context<C, E>) => StageOut<E>

/** What an author writes. */
export interface CharmSpec<C, E extends Endpoints> extends Omit<CharmMeta, 'config' | 'endpoints' | 'actions'> {
  config: z.ZodObject & z.ZodType<C>
  endpoints: E
  chart: Chart
  /** Readings that its stages are sure to want: fetched with the first request. */
  observe(config: C, resources: Record<string, Blob | undefined>): Reading<unknown>[]
  stages: Record<string, Stage<C, E>>
  waits: Record<string, (context: Context<C, E>) => boolean>
  /** What of its peers' bags its stages depend on: a change of it is `config-changed`. Default: all of them, by name. */
  heeds?(context: Context<C, E>): unknown
  actions?: Record<string, Action<C, E>>
  upgrades?: Upgrades<C>
}

/** A charm as the engine holds it: types of its own config and bags are behind it. */
export interface Charm extends CharmMeta {
  actions?: Record<string, Action>
  upgrades?: Upgrades
  chart: Chart
  observe(config: unknown, resources: Record<string, Blob | undefined>): Reading<unknown>[]
  stages: Record<string, Stage<unknown, Endpoints>>
  waits: Record<string, (context: Context<unknown, Endpoints>) => boolean>
  heeds(context: Context<unknown, Endpoints>): unknown
}

/** Checks that chart, stages and waits fit together, and hides the charm's own types from the engine. */
export function defineCharm<C, E extends Endpoints>(spec: CharmSpec<C, E>): Charm {
  for (const [name, state] of Object.entries(spec.chart.states)) {
    if (state.kind === 'stage' && !spec.stages[name] && !spec.stages[state.as ?? name])
      throw new Error(`${spec.name}: no stage for the state ${name}`)
    const until = state.kind === 'wait' || state.kind === 'rest' ? state.until : undefined
    if (until !== undefined && !spec.waits[until]) throw new Error(`${spec.name}: no condition ${until} for ${name}`)
  }
  const erased = spec as unknown as Charm
  const charm = { ...erased, heeds: erased.heeds ?? ((context) => allBags(erased.endpoints, context)) }
  made.add(charm)
  return charm
}

/** `defineCharm` made it: this one, not that of another copy of kcharm. */
export function isCharm(value: unknown): value is Charm {
  return typeof value === 'object' && value !== null && made.has(value)
}

const made = new WeakSet<object>()

export function check<T>(
  name: string,
  reading: Reading<T>,
  verdict: (value: T) => string | undefined,
  more: { within?: number; steady?: number } = {},
): Check {
  return { name, reading, verdict: (value) => verdict(value as T), within: more.within ?? 0, steady: more.steady ?? 0 }
}

function allBags(endpoints: Record<string, Endpoint>, context: Context<unknown, Endpoints>): Json {
  return Object.keys(endpoints).map((name) =>
    context.peers(name).map((peer) => [peer.unit, (peer.bag ?? null) as Json]),
  )
}
