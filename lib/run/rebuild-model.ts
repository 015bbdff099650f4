import type { Charm } from '../lifecycle/charm.ts'
import { isOutside } from '../lifecycle/chart.ts'
import { type Line, recordsOf, type UnitRecord } from '../lifecycle/manifest.ts'
import { charmKey, recordedCharm } from '../model/charm-of.ts'
import type { Application, Model, Relation } from '../model/declaration.ts'
import { mapRecord } from '../model/map-record.ts'
import { relationText } from '../model/relate.ts'

interface Found {
  machine: string
  lines: Line[]
}

/**
 * What the machines' manifests say was declared: for a model whose record on the operator's side is lost. A machine that
 * carries another model's name is left out (and refused later). Where units of one application differ, the first counts. Of
 * a resource the name and the digest are known, not where its bytes are.
 */
export function rebuildModel(empty: Model, found: Found[], charms: Record<string, Charm>): Model {
  const ours = found.filter(({ lines }) => modelLine(lines)?.name === empty.name)
  const units = ours.flatMap(({ machine, lines }) => {
    return [...recordsOf(lines).values()].map((record) => ({ machine, record }))
  })
  const id = ours.flatMap(({ lines }) => modelLine(lines)?.id ?? [])[0] ?? empty.id
  const living = units.filter(({ record }) => {
    const chart = recordedCharm(record.charm, charms)?.chart
    return chart && !isOutside(chart, record.state)
  })
  const apps = [...new Set(living.map(({ record }) => record.app))]
  return {
    ...empty,
    id,
    applications: Object.fromEntries(apps.map((app) => [app, application(app, living, charms)])),
    relations: relationsOf(
      living.map(({ record }) => record),
      charms,
    ),
  }
}

type Unit = { machine: string; record: UnitRecord }

function application(app: string, units: Unit[], charms: Record<string, Charm>): Application {
  const own = units.filter(({ record }) => record.app === app)
  const { charm = app, options = {}, set = [], resources = {} }: Partial<UnitRecord> = own[0]?.record ?? {}
  const wasSet = ([key]: [string, unknown]) => set.includes(key)
  const meta = recordedCharm(charm, charms)
  const entries = Object.entries(options)
  return {
    name: app,
    charm: meta ? charmKey(meta) : charm,
    bundleOptions: Object.fromEntries(entries.filter((entry) => !wasSet(entry))),
    setOptions: Object.fromEntries(entries.filter(wasSet)),
    resources: mapRecord(resources, (_name, { name, sha256 }) => ({ from: name, sha256 })),
    machines: meta?.subordinate ? [] : own.map(({ machine }) => machine),
    life: 'present',
  }
}

function relationsOf(records: UnitRecord[], charms: Record<string, Charm>): Relation[] {
  const known = new Set(records.map(({ unit }) => unit))
  const found = records.flatMap((record) =>
    record.links.flatMap((link): [string, Relation][] => {
      if (!known.has(link.peer)) return []
      const own = { app: record.app, endpoint: link.endpoint }
      const other = { app: link.peer.split('/')[0] ?? link.peer, endpoint: link.remote }
      const provides = recordedCharm(record.charm, charms)?.endpoints[link.endpoint]?.role === 'provides'
      const relation: Relation = { ...(provides ? pair(own, other) : pair(other, own)), life: 'present' }
      return [[relationText(relation), relation]]
    }),
  )
  return [...new Map(found).values()]
}

function pair(provider: Relation['provider'], requirer: Relation['requirer']) {
  return { provider, requirer }
}

function modelLine(lines: Line[]): { id: string; name: string } | undefined {
  return lines.find((line) => line.t === 'model')
}
