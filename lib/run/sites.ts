import type { Blob } from '../host/kind.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { recordsOf, type UnitRecord } from '../lifecycle/manifest.ts'
import type { Line } from '../lifecycle/manifest.ts'
import type { Link, Site, Unit } from '../lifecycle/unit.ts'
import { KcharmError } from '../errors/index.ts'
import { addressesOf } from '../model/addresses.ts'
import type { Application, Model } from '../model/declaration.ts'
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
  const declared = given.declared.filter((each) => each.machine === machine)
  const units = declared.map((each) => unitOf(each, records.get(each.name), given))
  const principals = units.filter((unit) => !unit.charm.subordinate)
  const { secret, model } = given
  const all = [...principals, ...units.filter((unit) => unit.charm.subordinate)]
  return { machine, units: all, lines: [...lines], addresses: addressesOf(model), ...(secret ? { secret } : {}) }
}

/** A copy that a plan can step without touching the original. */
export function copySite(site: Site): Site {
  return { ...site, lines: [...site.lines], units: site.units.map((unit) => ({ ...unit, bags: { ...unit.bags } })) }
}

function unitOf(declared: DeclaredUnit, record: UnitRecord | undefined, given: Given): Unit {
  const charm = given.charms[declared.charm]
  if (charm === undefined) throw new KcharmError('not-found', `${declared.name}: there is no charm ${declared.charm}`)
  const app = given.model.applications[declared.app]
  const options = app ? givenOptions(app) : (record?.options ?? {})
  const state = record?.state ?? charm.chart.initial
  return {
    name: declared.name,
    app: declared.app,
    charm,
    life: declared.life,
    options: options as Record<string, Json>,
    set: Object.keys(app?.setOptions ?? {}).sort(),
    resources: given.blobs[declared.app] ?? {},
    links: linksOf(declared, record, given),
    state: charm.chart.states[state] ? state : charm.chart.initial,
    bags: record?.bags ?? {},
    begun: false,
    removing: false,
    ...(record ? { record } : {}),
    ...(record?.version === undefined ? {} : { version: record.version }),
    ...(record?.applied === undefined ? {} : { judged: record.applied }),
    ...(record?.message === undefined ? {} : { message: record.message }),
    ...(record?.fault === undefined ? {} : { fault: record.fault }),
  }
}

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
  const beside = given.declared.filter((each) => each.machine === declared.machine && each.name !== declared.name)
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
