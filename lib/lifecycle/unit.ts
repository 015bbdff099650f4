import { KcharmError } from '../errors/index.ts'
import type { Blob } from '../host/kind.ts'
import type { Key, View } from '../host/view.ts'
import { digest, type Json } from '../model/json.ts'
import { type ChartState, isOutside, type Signal, type Wish } from './chart.ts'
import type { Charm } from './charm.ts'
import type { Context, Peer } from './context.ts'
import { type Bags, holdings, type KeptRevision, type Line, type Refusal, type UnitRecord } from './manifest.ts'
import type { Ascent } from './upgrades.ts'

export interface Link {
  endpoint: string
  peer: string
  /** The endpoint's name on the peer's side. */
  remote: string
}

/** The charm, its options and the bytes to install from: what changes, and goes back, as one. */
export interface Revision {
  charm: Charm
  /** As given, before defaults, and which of them came by `config`. */
  options: Record<string, Json>
  set: string[]
  resources: Record<string, Blob | undefined>
  /** The version to go back to where the options leave it open, as long as it is kept. */
  back?: string
}

/** A unit on its machine: the revision in force, what is wanted of it, and where it stands. */
export interface Unit extends Revision {
  name: string
  app: string
  life: 'present' | 'absent'
  /** Charms of revisions that are kept, as records name them. */
  charmNamed?(this: void, key: string): Charm | undefined
  /** What is wanted instead of them, when that is another version. */
  wish?: Revision
  refused?: Refusal
  kept: KeptRevision[]
  /** What is kept of earlier revisions goes, as far as nothing runs from it. */
  prunes?: true
  links: Link[]
  state: string
  bags: Bags
  record?: UnitRecord
  version?: string
  /** The version is another's, used as it is. */
  adopted?: boolean
  message?: string
  fault?: { message: string; hint?: string }
  pass?: Pass
  /** Digest of the inputs that the last pass was about. */
  judged?: string
  /** This run has walked its life, or tried to remove it, or to go back. */
  begun: boolean
  removing: boolean
  returning?: true
}

/** One walk from rest to rest. */
export interface Pass {
  op: string
  /** The begin line is written with the first change. */
  open: boolean
  bagsBefore: Bags
  /** Options as they were when the walk began. */
  config?: Json
  wish: Wish
  /** The unit's first walk on this machine. */
  fresh: boolean
  /** Peers' bags, from the stage that takes the inputs to the next rest. */
  taken?: Record<string, Bags>
  /** An upgrade, and the revision that it left. */
  ascent?: Ascent
  before?: Revision & { judged?: string }
  /** The revision that it goes back to. */
  kept?: KeptRevision
  /** Keys that the stages which keep what is stale want in this pass, by stage. */
  wanted?: Record<string, Key[]>
}

/** One machine with its units, principals first, and its manifest. */
export interface Site {
  machine: string
  units: Unit[]
  lines: Line[]
  /** See `Context.addresses`; absent where nothing is rendered. */
  addresses?(this: void): readonly string[]
  /** See `Context.secret`; absent where nothing is rendered. */
  secret?(this: void, reference: string): string
  /** A stage has asked for the name of a unit: what comes of it may be this machine's alone. */
  named?: true
}

export function stateOf(unit: Unit): ChartState {
  const state = unit.charm.chart.states[unit.state]
  if (state === undefined) throw new Error(`${unit.name}: its charm knows no state ${unit.state}`)
  return state
}

/** The name under which a stage is kept in the manifest. */
export function stageOf(unit: Unit): string {
  const state = stateOf(unit)
  return state.kind === 'stage' ? (state.as ?? unit.state) : unit.state
}

export function can(unit: Unit, signal: Signal): boolean {
  return unit.charm.chart.next(unit.state, signal) !== undefined
}

/** Nothing of it is on the machine, and it is where its life starts or ends. */
export function isGone(site: Site, unit: Unit): boolean {
  return isOutside(unit.charm.chart, unit.state) && holdings(site.lines, unit.name).length === 0
}

export function statusOf(unit: Unit): string {
  const state = stateOf(unit)
  return state.kind === 'rest' ? state.status : state.kind === 'wait' ? 'waiting' : 'maintenance'
}

export function contextOf(site: Site, unit: Unit, view: View): Context<unknown, Record<string, never>> {
  return {
    get unit() {
      site.named = true
      return unit.name
    },
    config: unit.pass?.config ?? configOf(unit),
    resources: unit.resources,
    get addresses() {
      return site.addresses?.() ?? []
    },
    view,
    ...(unit.version === undefined ? {} : { version: unit.version }),
    ...(unit.pass?.ascent ? { ascent: unit.pass.ascent } : {}),
    secret: (reference) => {
      if (site.secret) return site.secret(reference)
      throw new KcharmError('invalid-option', `${reference} cannot be read here`)
    },
    holds: (key) => holdings(site.lines, unit.name).some((held) => held.key === key),
    peers: (endpoint) => peersOf(site, unit, endpoint),
    published: (endpoint) => unit.bags[endpoint] as never,
  }
}

/** Options with their defaults; parsed once for each set of options. */
export function configOf(unit: Pick<Unit, 'charm' | 'options'>): Json {
  const known = parsed.get(unit.options)
  if (known?.charm === unit.charm) return known.config
  const config = unit.charm.config.parse(unit.options) as Json
  parsed.set(unit.options, { charm: unit.charm, config })
  return config
}

const parsed = new WeakMap<object, { charm: Charm; config: Json }>()

/** Digest of all that a pass depends on: options, resources and what the charm heeds of its peers. */
export function inputsDigest(site: Site, unit: Unit, view: View): string {
  const context = contextOf(site, unit, view)
  const bytes = Object.entries(unit.resources).map(([name, blob]) => [name, blob?.sha256 ?? null])
  return digest([context.config, bytes, unit.charm.heeds(context)])
}

function peersOf(site: Site, unit: Unit, endpoint: string): Peer<never>[] {
  return unit.links
    .filter((each) => each.endpoint === endpoint)
    .map((each) => {
      const peer = site.units.find((other) => other.name === each.peer)
      const bags = unit.pass?.taken ? unit.pass.taken[each.peer] : peer?.bags
      const bag = bags?.[each.remote]
      return {
        get unit() {
          site.named = true
          return each.peer
        },
        ...(bag === undefined ? {} : { bag: bag as never }),
      }
    })
}
