import type { Hook, Signal } from './chart.ts'
import { type Site, stateOf, type Unit } from './unit.ts'

/** Juju's hook names for an event that moves a unit at rest or waiting, in Juju's order. `news`: its inputs are not those of its record. */
export function hooksOfSignal(unit: Unit, signal: Signal, news: boolean): string[] {
  if (signal === 'begin') return unit.pass?.fresh ? [] : ['update-status']
  if (signal === 'remove') return [...ended(unit.links.map((link) => link.endpoint)), 'stop']
  if (signal === 'changed') return [...(optionsChanged(unit) ? ['config-changed'] : []), ...relationNews(unit)]
  if (signal === 'ready' && news && !unit.pass?.fresh)
    return unit.links.map((link) => `${link.endpoint}-relation-changed`)
  return []
}

/** The hook that a stage is, when this walk is more than a look. */
export function hooksOfStage(unit: Unit): string[] {
  const state = stateOf(unit)
  const hook = state.kind === 'stage' || state.kind === 'undo' ? state.hook : undefined
  if (hook === undefined) return []
  if (ALWAYS.some((each) => each === hook)) return [hook]
  if (!unit.pass?.fresh)
    return hook === 'config-changed' && unit.pass?.wish === 'begin' && optionsChanged(unit) ? [hook] : []
  return hook === 'install' ? ['install', ...created(unit)] : [hook]
}

/** After its first walk a unit has joined those peers that have published something. */
export function hooksOfRest(site: Site, unit: Unit): string[] {
  const state = stateOf(unit)
  if (!unit.pass?.fresh || state.kind !== 'rest' || state.status !== 'active') return []
  const there = unit.links.filter((link) => site.units.find((other) => other.name === link.peer)?.bags[link.remote])
  return there.flatMap((link) => [`${link.endpoint}-relation-joined`, `${link.endpoint}-relation-changed`])
}

/** These run only when there is a reason; the others on every walk. */
const ALWAYS: Hook[] = ['remove', 'rollback', 'pre-upgrade', 'upgrade-charm', 'post-upgrade']

function optionsChanged(unit: Unit): boolean {
  return unit.record !== undefined && JSON.stringify(unit.record.options) !== JSON.stringify(unit.options)
}

function created(unit: Unit): string[] {
  return unit.links.map((link) => `${link.endpoint}-relation-created`)
}

function ended(endpoints: string[]): string[] {
  return endpoints.flatMap((endpoint) => [`${endpoint}-relation-departed`, `${endpoint}-relation-broken`])
}

function relationNews(unit: Unit): string[] {
  const before = unit.record?.links ?? []
  const gone = before.filter(
    (old) => !unit.links.some((link) => link.peer === old.peer && link.endpoint === old.endpoint),
  )
  const isNew = (peer: string) => !before.some((old) => old.peer === peer)
  return [
    ...ended(gone.map((link) => link.endpoint)),
    ...unit.links.flatMap((link) => [
      ...(isNew(link.peer) ? [`${link.endpoint}-relation-created`, `${link.endpoint}-relation-joined`] : []),
      `${link.endpoint}-relation-changed`,
    ]),
  ]
}
