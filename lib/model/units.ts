import { KcharmError } from '../errors/index.ts'
import type { CharmMeta } from './charm-meta.ts'
import { noCharm, recordedCharm } from './charm-of.ts'
import type { Application, Model, Relation, RelationEnd } from './declaration.ts'

/** A unit as its machine has it recorded. */
export interface RecordedUnit {
  machine: string
  /** `containerd/0` */
  unit: string
  app: string
  /** Needed for a unit whose application the model does not know. */
  charm?: string
}

/** A unit that should be there, or that should go. */
export interface DeclaredUnit {
  /** `containerd/0` */
  name: string
  app: string
  charm: string
  machine: string
  life: Application['life']
  /** Of a subordinate that is present: the unit beside which it stands. */
  principal?: string
}

interface Known {
  recorded: readonly RecordedUnit[]
  /** Every charm there is, by name. */
  charms: Record<string, CharmMeta>
}

/**
 * The units that a model means. A principal has one per machine; a subordinate has one on every machine of every
 * principal that it is related to in container scope. Recorded names stay, new ones get the lowest free numbers, and a
 * recorded unit that nothing asks for comes out as absent.
 * Throws `foreign-model` when two machines record the same unit, `not-found` for a charm that is not known.
 */
export function unitsOf(model: Model, { recorded, charms }: Known): DeclaredUnit[] {
  refuseTwins(recorded)
  const present = Object.values(model.applications).filter(({ life }) => life === 'present')
  const metas = Object.fromEntries(present.map((app) => [app.name, metaOf(app, charms)]))
  const isSubordinate = ({ name }: Application): boolean => metas[name]?.subordinate === true
  const principals = present.filter((app) => !isSubordinate(app))
  const hosts = principals.flatMap((app) =>
    named(
      app,
      recorded,
      app.machines.map((machine) => ({ machine })),
    ),
  )
  const guests = present.filter(isSubordinate).flatMap((app) => {
    const related = relatedTo(app, model.relations, metas)
    return named(app, recorded, besides(hosts.filter((unit) => related.has(unit.app))))
  })
  const wanted = new Set([...hosts, ...guests].map(({ name }) => name))
  const gone = recorded.filter(({ unit }) => !wanted.has(unit))
  return [...hosts, ...guests, ...gone.map((unit) => absent(unit, model))]
}

function refuseTwins(recorded: readonly RecordedUnit[]): void {
  const machines = new Map<string, string>()
  for (const { unit, machine } of recorded) {
    const other = machines.get(unit) ?? machine
    if (other !== machine) {
      const hint = 'They were deployed as two models; take one of them out of the inventory.'
      throw new KcharmError('foreign-model', `${other} and ${machine} both hold a unit ${unit}`, { hint })
    }
    machines.set(unit, machine)
  }
}

/** Without its charm an application's units would seem unwanted, and be removed. */
function metaOf({ name, charm }: Application, charms: Record<string, CharmMeta>): CharmMeta {
  const meta = recordedCharm(charm, charms)
  if (meta === undefined) throw noCharm(`application ${name}`, charm)
  return meta
}

/** The applications beside whose units a subordinate's stand. */
function relatedTo({ name }: Application, relations: Relation[], metas: Record<string, CharmMeta>): Set<string> {
  const contained = (end: RelationEnd): boolean => metas[end.app]?.endpoints[end.endpoint]?.scope === 'container'
  const pairs = relations.flatMap(({ provider, requirer, life }) =>
    life === 'present' && (contained(provider) || contained(requirer)) ? [[provider.app, requirer.app]] : [],
  )
  return new Set(pairs.filter((pair) => pair.includes(name)).flat())
}

interface Seat {
  machine: string
  principal?: string
}

/** Each machine once, beside the first unit that brings it. */
function besides(hosts: DeclaredUnit[]): Seat[] {
  const seats = new Map<string, Seat>()
  for (const { machine, name } of hosts) if (!seats.has(machine)) seats.set(machine, { machine, principal: name })
  return [...seats.values()]
}

function named(app: Application, recorded: readonly RecordedUnit[], seats: Seat[]): DeclaredUnit[] {
  const own = recorded.filter((unit) => unit.app === app.name)
  const taken = new Set(own.map(({ unit }) => unit))
  const names = new Map(own.toReversed().map(({ machine, unit }) => [machine, unit]))
  let number = 0
  const free = (): string => {
    while (taken.has(`${app.name}/${number}`)) number++
    return `${app.name}/${number++}`
  }
  return seats.map((seat) => ({
    name: names.get(seat.machine) ?? free(),
    app: app.name,
    charm: app.charm,
    life: 'present',
    ...seat,
  }))
}

function absent({ unit, app, charm, machine }: RecordedUnit, { applications }: Model): DeclaredUnit {
  const known = Object.hasOwn(applications, app) ? applications[app]?.charm : undefined
  return { name: unit, app, charm: known ?? charm ?? app, machine, life: 'absent' }
}
