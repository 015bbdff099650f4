import { charmKey } from '../model/charm-of.ts'
import { type Surroundings } from './ask.ts'
import { isOutside, type Wish } from './chart.ts'
import { type Line, openOperation } from './manifest.ts'
import { ascend, keptFor } from './revision.ts'
import { configOf, inputsDigest, type Site, type Unit } from './unit.ts'

/** A walk begins. An operation that was cut off goes on under its own name, so that the oldest `before` is kept. */
export function startPass(site: Site, unit: Unit, what: { wish: Wish; around: Surroundings }): void {
  const { wish, around } = what
  const open = openOperation(site.lines, unit.name)
  const climb = wish === 'upgrade' ? ascend(unit) : {}
  const kept = wish === 'rollback' ? keptFor(unit) : undefined
  unit.pass = {
    ...climb,
    ...(kept ? { kept } : {}),
    op: open?.op ?? around.operation(),
    open: open !== undefined,
    bagsBefore: open?.bags ?? { ...unit.bags },
    ...(around.without?.frozenInputs ? {} : { config: configOf(unit) }),
    wish,
    fresh: unit.record === undefined || isOutside(unit.charm.chart, unit.record.state),
  }
  delete unit.fault
  delete unit.message
  unit.judged = inputsDigest(site, unit, around.view)
}

/** Freezes what the pass works from until it rests: options, and the peers' bags as they are now. */
export function takeInputs(site: Site, unit: Unit, around: Surroundings): void {
  if (!unit.pass || around.without?.frozenInputs) return
  const peers = unit.links.map((each) => site.units.find((other) => other.name === each.peer))
  unit.pass.taken = Object.fromEntries(peers.flatMap((peer) => (peer ? [[peer.name, { ...peer.bags }]] : [])))
  unit.judged = inputsDigest(site, unit, around.view)
}

/** The begin line, once per operation, with its first change. */
export function beginLine(unit: Unit): Line[] {
  if (!unit.pass || unit.pass.open) return []
  unit.pass.open = true
  const version = unit.version === undefined ? {} : { version: unit.version }
  const { name, app, charm } = unit
  const to = unit.pass.ascent ? { to: unit.pass.ascent.to } : {}
  const { op, bagsBefore: bags } = unit.pass
  return [{ t: 'begin', op, unit: name, app, charm: charmKey(charm), bags, ...version, ...to }]
}
