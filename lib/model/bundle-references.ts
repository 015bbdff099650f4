import type { Draft, DraftApplication } from './bundle-schema.ts'
import type { CharmMeta } from './charm-meta.ts'
import { charmOf, isForeign } from './charm-of.ts'
import { quote, type Problem } from './faults.ts'
import { optionProblems } from './options.ts'
import { isCommon, targetsOf } from './placement.ts'
import type { YamlSource } from './yaml-source.ts'

/** What the draft's applications refer to and what does not answer: charms, options, resources and machines. */
export function applicationProblems(
  draft: Draft,
  { charms, source }: { charms: Record<string, CharmMeta>; source: YamlSource },
): Problem[] {
  return Object.entries(draft.applications).flatMap(([app, application]) => {
    const path = ['applications', app]
    const charm = application.charm === undefined ? undefined : charmOf(application.charm, charms)
    const placing = placementProblems(application, { path, draft, subordinate: charm?.subordinate ?? false })
    if (charm === undefined) return [...unknownCharm(application, path, builtIn(charms)), ...placing]
    const given = { value: application.options ?? {}, path: [...path, 'options'], written: source.written }
    return [...optionProblems(charm, given), ...resourceProblems(application, path, charm), ...placing]
  })
}

/** Keys with a revision are not what anybody writes. */
function builtIn(charms: Record<string, CharmMeta>): string[] {
  return Object.keys(charms).filter((key) => !isForeign(key))
}

function unknownCharm({ charm }: DraftApplication, path: string[], known: string[]): Problem[] {
  if (charm === undefined) return []
  const what = `unknown charm ${quote(charm)}`
  return [{ path: [...path, 'charm'], what, meant: { word: charm, among: known } }]
}

function resourceProblems({ resources = {} }: DraftApplication, path: string[], charm: CharmMeta): Problem[] {
  const known = Object.keys(charm.resources)
  return Object.entries(resources).flatMap(([name, given]): Problem[] => {
    const place = [...path, 'resources', name]
    const meta = Object.hasOwn(charm.resources, name) ? charm.resources[name] : undefined
    if (meta === undefined) {
      const what = `unknown resource ${quote(name)}`
      return [{ path: place, atKey: true, what, meant: { word: name, among: known } }]
    }
    const from = typeof given === 'string' ? given : (given?.path ?? given?.url)
    if (from === undefined || meta.formats.length === 0) return []
    // Only the file's name: a URL can hold a password.
    const file = from.replace(/[?#].*$/, '').replace(/^.*\//, '')
    const endings = meta.formats.map((format) => `.${format}`).join(' or ')
    if (meta.formats.some((format) => file.endsWith(`.${format}`))) return []
    return [{ path: place, what: `${quote(file)} has another format`, says: `expected a name that ends in ${endings}` }]
  })
}

interface Placing {
  path: string[]
  draft: Draft
  subordinate: boolean
}

function placementProblems(
  { to, num_units: units }: DraftApplication,
  { path, draft, subordinate }: Placing,
): Problem[] {
  if (subordinate) {
    const says = 'expected neither to nor num_units: it gets a unit beside every unit that it is related to'
    const keys = [...(to === undefined ? [] : ['to']), ...(units === undefined || units === 0 ? [] : ['num_units'])]
    return keys.map((key) => ({ path: [...path, key], atKey: true, what: 'a subordinate is placed', says }))
  }
  const machines = draft.machines === undefined ? undefined : new Set(Object.keys(draft.machines))
  const targets = targetsOf(to)
  const names = targets.filter(({ text }) => text !== 'all' && !isCommon(text))
  const exact = names.length > 0 && names.length === targets.length
  return [
    ...targetProblems(targets, { path: [...path, 'to'], ...(machines && { machines }) }),
    ...countProblems(units, { path: [...path, 'num_units'], machines: exact ? names.length : machines?.size, exact }),
  ]
}

type Targets = ReturnType<typeof targetsOf>

function targetProblems(targets: Targets, { path, machines }: { path: string[]; machines?: Set<string> }): Problem[] {
  const seen = new Set<string>()
  return targets.flatMap(({ text, below }): Problem[] => {
    const place = { path: [...path, ...below] }
    if (seen.has(text)) {
      return [
        { ...place, what: `${quote(text)} stands here twice`, says: 'expected it once: a machine takes one unit' },
      ]
    }
    seen.add(text)
    if (text === 'all') {
      if (targets.length === 1) return []
      return [{ ...place, what: '"all" stands beside others', says: 'expected all alone, or machines and tags' }]
    }
    if (isCommon(text) || machines === undefined || machines.has(text)) return []
    return [{ ...place, what: `unknown machine ${quote(text)}`, meant: { word: text, among: [...machines] } }]
  })
}

interface Count {
  path: string[]
  /** As far as the bundle knows them. */
  machines: number | undefined
  /** They are named one by one. */
  exact: boolean
}

function countProblems(units: number | undefined, { path, machines, exact }: Count): Problem[] {
  if (units === undefined || machines === undefined || units === machines || (units < machines && !exact)) return []
  const says = exact
    ? `expected ${machines}, as many as "to" names`
    : `expected at most ${machines}, the machines of the bundle`
  return [{ path, what: `num_units is ${units}`, says }]
}
