import { KcharmError } from '../errors/index.ts'
import type { Blob } from '../host/kind.ts'
import { type Key, NotYet, type Reading, Unread, type View } from '../host/view.ts'
import type { ActionAnswer } from '../lifecycle/action.ts'
import type { Charm, StageOut } from '../lifecycle/charm.ts'
import type { Context } from '../lifecycle/context.ts'
import { wayTo } from '../lifecycle/revision.ts'
import type { Revision } from '../lifecycle/unit.ts'
import type { Endpoints } from '../model/endpoint.ts'

/** What a stage is given: options, what the machine shows (by reading key), what peers have published. */
export interface StageState {
  config?: Record<string, unknown>
  observed?: Record<Key, unknown>
  /** By endpoint: the bags of the related units, `undefined` for one that has not published yet. */
  peers?: Record<string, unknown[]>
  published?: Record<string, unknown>
  resources?: Record<string, Blob>
  /** Of all machines of the model. */
  addresses?: string[]
  holds?: Key[]
  /** What references to secrets stand for. */
  secrets?: Record<string, string>
  version?: string
  /** The stage is of an upgrade from `version` to what `config` and `resources` lead to, or to the first stop on the way. */
  upgrades?: true
}

/**
 * A charm's stage as a value in and a value out. Options and bags are checked as the engine checks them.
 * Throws `Unread` naming the reading that the state lacks, and for a state that cannot occur.
 */
export function runStage(charm: Charm, name: string, state: StageState = {}): StageOut<Record<string, unknown>> {
  const stage = charm.stages[name]
  if (stage === undefined)
    throw new Error(`${charm.name} has no stage ${name}; it has ${Object.keys(charm.stages).join(', ')}`)
  const out = stage(contextFor(charm, state)) as StageOut<Record<string, unknown>>
  for (const [endpoint, bag] of Object.entries(out.publish ?? {})) checkBag(charm, endpoint, { bag, side: 'own' })
  return out
}

/** A wait's condition on this state. */
export function judgeWait(charm: Charm, name: string, state: StageState = {}): boolean {
  const wait = charm.waits[name]
  if (wait === undefined)
    throw new Error(`${charm.name} has no condition ${name}; it has ${Object.keys(charm.waits).join(', ')}`)
  return wait(contextFor(charm, state))
}

/** The question that an action asks on this state; parameters are checked as the engine checks them. */
export function askAction(
  charm: Charm,
  name: string,
  { params = {}, ...state }: StageState & { params?: Record<string, unknown> } = {},
): Reading<ActionAnswer> {
  const action = charm.actions?.[name]
  if (action === undefined)
    throw new Error(`${charm.name} has no action ${name}; it has ${Object.keys(charm.actions ?? {}).join(', ')}`)
  return action.ask(contextFor(charm, state), action.params.parse(params))
}

function contextFor(charm: Charm, state: StageState): Context<unknown, Endpoints> {
  for (const [endpoint, bags] of Object.entries(state.peers ?? {})) {
    for (const bag of bags) if (bag !== undefined) checkBag(charm, endpoint, { bag, side: 'peer' })
  }
  const wanted = {
    charm,
    options: (state.config ?? {}) as Revision['options'],
    set: [],
    resources: state.resources ?? {},
  }
  const way = state.upgrades && state.version !== undefined ? wayTo(state.version, wanted) : undefined
  const { options, resources } = way?.aim ?? wanted
  return {
    unit: `${charm.name}/0`,
    config: charm.config.parse(options),
    resources,
    ...(way ? { ascent: way.ascent } : {}),
    addresses: state.addresses ?? [],
    view: viewOf(state.observed ?? {}),
    secret: (reference) => {
      const secret = state.secrets?.[reference]
      if (secret === undefined) throw new KcharmError('invalid-option', `${reference} stands for nothing`)
      return secret
    },
    holds: (key) => (state.holds ?? []).includes(key),
    published: (endpoint) => state.published?.[endpoint] as never,
    ...(state.version === undefined ? {} : { version: state.version }),
    peers: (endpoint) =>
      (state.peers?.[endpoint] ?? []).map((bag, index) => {
        return { unit: `peer/${index}`, ...(bag === undefined ? {} : { bag: bag as never }) }
      }),
  }
}

/** `later('why')` as an observed value stands for what an earlier change of the same plan decides. */
export function later(why: string): NotYet {
  return new NotYet({ unknown: why, term: why })
}

function viewOf(observed: Record<Key, unknown>): View {
  const find = <T>(reading: Reading<T>): T | NotYet => {
    if (!(reading.key in observed)) throw new Unread([reading])
    return observed[reading.key] as T | NotYet
  }
  return {
    read(reading) {
      const value = find(reading)
      if (value instanceof NotYet) throw value
      return value
    },
    peek(reading) {
      const value = find(reading)
      return value instanceof NotYet ? value.value : value
    },
    touched: () => false,
  }
}

function checkBag(charm: Charm, endpoint: string, what: { bag: unknown; side: 'own' | 'peer' }): void {
  const known = charm.endpoints[endpoint]
  if (known === undefined) throw new Error(`${charm.name} has no endpoint ${endpoint}`)
  const provider = (known.role === 'provides') === (what.side === 'own')
  const schema = provider ? known.interface.provider : known.interface.requirer
  schema.parse(what.bag)
}
