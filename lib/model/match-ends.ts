import type { CharmMeta } from './charm-meta.ts'
import { charmOf } from './charm-of.ts'
import type { RelationEnd } from './declaration.ts'
import type { Endpoint } from './endpoint.ts'
import { quote } from './faults.ts'

/** An end as a user writes it: `app` or `app:endpoint`. */
export interface WrittenEnd {
  app: string
  endpoint?: string
}

export interface Match {
  provider: RelationEnd
  requirer: RelationEnd
}

/** Why two ends cannot be related. */
export interface Mismatch {
  what: string
  says?: string
  /** What was written in place of one of these. */
  meant?: { word: string; among: readonly string[] }
  /** A name that does not exist, rather than two that do not fit. */
  missing?: boolean
}

interface Candidate {
  end: RelationEnd
  terms: Endpoint
}

export function parseEnd(text: string): WrittenEnd {
  const [app = '', ...rest] = text.split(':')
  return rest.length === 0 ? { app } : { app, endpoint: rest.join(':') }
}

export function endText({ app, endpoint }: RelationEnd): string {
  return `${app}:${endpoint}`
}

/**
 * The one pair of endpoints that two applications can be related by, as in Juju: same interface, opposite roles;
 * container scope only with a subordinate. Ours: the interface's version must agree as well.
 * `charms`: by application.
 */
export function matchEnds(a: WrittenEnd, b: WrittenEnd, charms: Record<string, CharmMeta>): Match | Mismatch {
  const [ours, theirs] = [candidates(a, charms), candidates(b, charms)]
  if ('what' in ours) return ours
  if ('what' in theirs) return theirs
  if (a.app === b.app) return { what: `${quote(a.app)} is related to itself`, says: 'expected two applications' }
  const subordinate = [a.app, b.app].some((app) => charms[app]?.subordinate === true)
  const pairs = ours.flatMap((one) => theirs.map((other) => [one, other] as const))
  const fitting = pairs.filter(([one, other]) => whyNot(one, other, subordinate) === undefined)
  const [first, second] = fitting
  if (first === undefined) return { what: reason(pairs, subordinate), says: offers([...ours, ...theirs]) }
  if (second === undefined) return matched(first)
  const says = `expected one of: ${fitting.map(([one, other]) => `${endText(one.end)} ${endText(other.end)}`).join(', ')}`
  return { what: `ambiguous: ${fitting.length} relations are possible`, says }
}

/** What an end names and what does not exist, be it the application or its endpoint. */
export function unknownEnd(end: WrittenEnd, charms: Record<string, CharmMeta>): Mismatch | undefined {
  const found = candidates(end, charms)
  return 'what' in found ? found : undefined
}

function candidates({ app, endpoint }: WrittenEnd, charms: Record<string, CharmMeta>): Candidate[] | Mismatch {
  const charm = charmOf(app, charms)
  if (charm === undefined) {
    const meant = { word: app, among: Object.keys(charms) }
    return { what: `unknown application ${quote(app)}`, meant, missing: true }
  }
  const all = Object.entries(charm.endpoints).map(([name, terms]) => ({ end: { app, endpoint: name }, terms }))
  if (endpoint === undefined) return all
  const named = all.filter(({ end }) => end.endpoint === endpoint)
  if (named.length > 0) return named
  const meant = { word: endpoint, among: Object.keys(charm.endpoints) }
  return { what: `unknown endpoint ${quote(endpoint)} of ${app}`, meant, missing: true }
}

function matched([one, other]: readonly [Candidate, Candidate]): Match {
  return one.terms.role === 'provides'
    ? { provider: one.end, requirer: other.end }
    : { provider: other.end, requirer: one.end }
}

/** Why a pair does not fit, with how near it came; undefined when it fits. */
function whyNot(one: Candidate, other: Candidate, subordinate: boolean): { near: number; text: string } | undefined {
  const [left, right] = [one.terms.interface, other.terms.interface]
  const names = `${endText(one.end)} and ${endText(other.end)}`
  if (left.name !== right.name) return { near: 0, text: 'no common interface' }
  if (one.terms.role === other.terms.role)
    return { near: 1, text: `both ${one.terms.role.slice(0, -1)} ${left.name}: ${names}` }
  if (left.version !== right.version) {
    return { near: 2, text: `${left.name} v${left.version} and v${right.version} differ: ${names}` }
  }
  const container = [one, other].some(({ terms }) => terms.scope === 'container')
  if (container && !subordinate) return { near: 3, text: `container scope needs a subordinate: ${names}` }
  return undefined
}

/** The reason of the pair that came nearest to fitting. */
function reason(pairs: (readonly [Candidate, Candidate])[], subordinate: boolean): string {
  const reasons = pairs.flatMap(([one, other]) => whyNot(one, other, subordinate) ?? [])
  const nearestFirst = reasons.toSorted((a, b) => b.near - a.near)
  return `no relation is possible, ${nearestFirst[0]?.text ?? 'no common interface'}`
}

function offers(all: Candidate[]): string {
  return `expected a provider and a requirer of one interface; there are ${all.map(offerText).join(', ') || 'none'}`
}

function offerText({ end, terms }: Candidate): string {
  return `${endText(end)} (${terms.role} ${terms.interface.name} v${terms.interface.version})`
}
