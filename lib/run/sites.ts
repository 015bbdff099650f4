import { isOutside } from '../lifecycle/chart.ts'
import type { Blob } from '../host/kind.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { recordsOf, type UnitRecord } from '../lifecycle/manifest.ts'
import type { Line } from '../lifecycle/manifest.ts'
import { recordedRevision, want } from '../lifecycle/revision.ts'
import type { Link, Revision, Site, Unit } from '../lifecycle/unit.ts'
import { addressesOf } from '../model/addresses.ts'
import { noCharm, recordedCharm } from '../model/charm-of.ts'
import type { Application, Model } from '../model/declaration.ts'
import { groupBy } from '../model/group-by.ts'
import type { Json } from '../model/json.ts'
import type { DeclaredUnit } from '../model/units.ts'

export interface Given {
  model: Model
  charms: Record<string, Charm>
  declared: DeclaredUnit[]
  blobs: Record<string, Record<string, Blob | undefined>>
  secret?(this: void, reference: string): string
}

/** The machine's units as they are wanted, standing where its manifest says; principals first. */
export function siteOf(machine: string, lines: Line[], given: Given): Site {
  const records = recordsOf(lines)
  const declared = declaredOn(machine, given)
  const units = declared.map((each) => unitOf(each, records.get(each.name), given))
  const principals = units.filter((unit) => !unit.charm.subordinate)
  const { secret, model } = given
  const all = [...principals, ...units.filter((unit) => unit.charm.subordinate)]
  return { machine, units: all, lines: [...lines], addresses: () => addressesOf(model), ...(secret ? { secret } : {}) }
}

/**
 * What a site is, beside what was read of it and the declarations. Where nothing is recorded its units differ from those of
 * another machine in nothing but their names; else they are that machine's own.
 */
export function likeness({ machine, units, lines }: Site): string {
  if (lines.length > 0) return machine
  return units.map(({ app, life, begun }) => `${app} ${life} ${begun}`).join(', ')
}

/** A copy that a plan can step without touching the original. */
export function copySite(site: Site): Site {
  return { ...site, lines: [...site.lines], units: site.units.map((unit) => ({ ...unit, bags: { ...unit.bags } })) }
}

function unitOf(declared: DeclaredUnit, record: UnitRecord | undefined, given: Given): Unit {
  const charmNamed = (key: string) => recordedCharm(key, given.charms)
  const charm = charmNamed(declared.charm)
  if (charm === undefined) throw noCharm(declared.name, declared.charm)
  const app = given.model.applications[declared.app]
  const wanted: Revision = {
    charm,
    options: (app ? givenOptions(app) : (record?.options ?? {})) as Record<string, Json>,
    set: Object.keys(app?.setOptions ?? {}).sort(),
    resources: given.blobs[declared.app] ?? {},
    ...(app?.back === undefined ? {} : { back: app.back }),
  }
  const state = record?.state ?? charm.chart.initial
  const there = isOutside(charm.chart, state) ? undefined : record?.version
  const revision = record === undefined || there === undefined ? wanted : recordedRevision(record, wanted, charmNamed)
  const unit: Unit = {
    name: declared.name,
    app: declared.app,
    life: declared.life,
    ...revision,
    charmNamed,
    kept: record?.kept ?? [],
    ...(record?.refused?.touched ? { refused: record.refused } : {}),
    links: linksOf(declared, record, given),
    state: charm.chart.states[state] ? state : charm.chart.initial,
    bags: record?.bags ?? {},
    begun: false,
    removing: false,
    ...(record ? { record } : {}),
    ...(there === undefined ? {} : { version: there }),
    ...(record?.adopted ? { adopted: true } : {}),
    ...(record?.applied === undefined ? {} : { judged: record.applied }),
    ...(record?.message === undefined ? {} : { message: record.message }),
    ...(record?.fault === undefined ? {} : { fault: record.fault }),
  }
  want(unit, wanted)
  return unit
}

function declaredOn(machine: string, { declared }: Given): DeclaredUnit[] {
  const known = byMachine.get(declared) ?? groupBy(declared, (each) => each.machine)
  byMachine.set(declared, known)
  return known.get(machine) ?? []
}

const byMachine = new WeakMap<DeclaredUnit[], Map<string, DeclaredUnit[]>>()

/** The same object for every unit of an application: what is derived from it is derived once. */
export function givenOptions(app: Application): Record<string, unknown> {
  const known = given.get(app)
  if (known) return known
  const options = { ...app.bundleOptions, ...app.setOptions }
  given.set(app, options)
  return options
}

const given = new WeakMap<Application, Record<string, unknown>>()

/**
 * Who a unit is related to on its machine. A relation that was dropped stays until the unit of the subordinate is
 * gone: what the two agreed on is taken back in order.
 */
function linksOf(declared: DeclaredUnit, record: UnitRecord | undefined, given: Given): Link[] {
  const beside = declaredOn(declared.machine, given).filter((each) => each.name !== declared.name)
  const wanted = given.model.relations.flatMap((relation): Link[] => {
    const ends = [relation.provider, relation.requirer]
    const mine = ends.find((end) => end.app === declared.app)
    const theirs = ends.find((end) => end !== mine)
    if (mine === undefined || theirs === undefined) return []
    return beside
      .filter((each) => each.app === theirs.app)
      .map((each) => ({ endpoint: mine.endpoint, peer: each.name, remote: theirs.endpoint }))
  })
  const known = new Set(wanted.map((link) => link.peer))
  const old = (record?.links ?? []).filter(
    (link) => !known.has(link.peer) && beside.some((each) => each.name === link.peer),
  )
  return [...wanted, ...old]
}
