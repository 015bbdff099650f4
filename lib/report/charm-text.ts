import type { Charm } from '../lifecycle/charm.ts'
import type { Chart, ChartState, Hook } from '../lifecycle/chart.ts'
import type { CharmMeta } from '../model/charm-meta.ts'
import { optionDocs } from '../model/options.ts'
import { renderTable } from './table.ts'

type Shown = CharmMeta & Partial<Pick<Charm, 'chart' | 'upgrades'>>

/** A charm for people: options, endpoints, resources, hooks and the ways from version to version. */
export function renderCharm(meta: Shown): string {
  const options = optionDocs(meta).map(({ path, type, default: value, sentence }) => {
    return `  ${path}: ${type}${value === undefined ? '' : ` (default ${JSON.stringify(value)})`}\n      ${sentence}\n`
  })
  const endpoints = Object.entries(meta.endpoints).map(([name, end]) => [
    `  ${name}`,
    end.role,
    `${end.interface.name} v${end.interface.version}`,
    end.scope,
    end.required ? 'required' : '',
    end.limit === undefined ? '' : `at most ${end.limit}`,
  ])
  const resources = Object.entries(meta.resources).map(([name, { description }]) => `  ${name}: ${description}\n`)
  const actions = Object.entries(meta.actions ?? {}).map(([name, { description, params }]) => {
    const fields = optionDocs({ ...meta, config: params }).map(
      ({ path, type, sentence }) => `      ${path}: ${type}: ${sentence}\n`,
    )
    return `  ${name}: ${description}\n${fields.join('')}`
  })
  return [
    `${meta.name}${meta.subordinate ? ' (subordinate)' : ''}: ${meta.summary}\n`,
    section('Options', options),
    section('Endpoints', endpoints.length === 0 ? [] : [renderTable(endpoints)]),
    section('Resources', resources),
    section('Actions', actions),
    section(
      'Hooks',
      meta.chart ? hooksOf(meta.chart).map(({ hook, states }) => `  ${hook}: ${states.join(', ')}\n`) : [],
    ),
    section(
      'Upgrades',
      waysOf(meta).map((line) => `  ${line}\n`),
    ),
  ].join('')
}

/** The same for programs. */
export function charmJson(meta: Shown): object {
  return {
    name: meta.name,
    summary: meta.summary,
    subordinate: meta.subordinate,
    options: optionDocs(meta),
    endpoints: Object.entries(meta.endpoints).map(([name, { role, interface: iface, scope, limit, required }]) => {
      return { name, role, interface: iface.name, version: iface.version, scope, limit, required: required ?? false }
    }),
    resources: meta.resources,
    actions: Object.entries(meta.actions ?? {}).map(([name, { description, params }]) => {
      return { name, description, params: optionDocs({ ...meta, config: params }) }
    }),
    ...(meta.chart ? { hooks: hooksOf(meta.chart) } : {}),
    ...(meta.upgrades ? { upgrades: { hops: meta.upgrades.hops, stops: meta.upgrades.stops } } : {}),
  }
}

/** Juju's hook names, and the states that are labelled with them, in the order of the chart. */
function hooksOf({ states }: Chart): { hook: Hook; states: string[] }[] {
  const found = new Map<Hook, string[]>()
  for (const [name, state] of Object.entries(states)) {
    const hook = state.kind === 'stage' || state.kind === 'undo' ? state.hook : undefined
    if (hook) found.set(hook, [...(found.get(hook) ?? []), name])
  }
  return [...found].map(([hook, names]) => ({ hook, states: names }))
}

/** From which versions to which, each with what changes; within one branch every version leads to every other. */
export function waysOf({ upgrades }: Pick<Shown, 'upgrades'>): string[] {
  if (upgrades === undefined) return []
  const how = upgrades.stops ? 'one after the other, each proved before the next' : 'any way at once'
  const ways = upgrades.hops.flatMap(({ from, to, words = [], breaks }) => [
    `${from} to ${to}${breaks === undefined ? '' : ` (breaks pod sandboxes, and asks where some live: ${breaks})`}`,
    ...words.map((word) => `  ${word}`),
  ])
  return [`within a branch every version to every other; these ways between branches, ${how}:`, ...ways]
}

/** A charm's life as a Mermaid state diagram. */
export function renderStatechart({ initial, states }: Chart): string {
  const entries = Object.entries(states)
  return [
    'stateDiagram-v2',
    `  [*] --> ${initial}`,
    ...entries.map(([name, state]) => `  ${name}: ${label(name, state)}`),
    ...entries.flatMap(([name, state]) => arrows(name, state)),
    '',
  ].join('\n')
}

function section(title: string, lines: string[]): string {
  return lines.length === 0 ? '' : `\n${title}\n${lines.join('')}`
}

function label(name: string, state: ChartState): string {
  switch (state.kind) {
    case 'stage':
      return state.hook ? `${name} (${state.hook})` : name
    case 'undo':
      return `${name} (${state.hook ?? 'undo'})`
    case 'wait':
      return `${name} (waits until ${state.until})`
    case 'rest':
      return `${name} (${state.status})`
  }
}

/** Arrows to the same state are one arrow with several labels. */
function arrows(name: string, state: ChartState): string[] {
  const targets = new Map<string, string[]>()
  for (const [signal, target] of Object.entries(state.to)) {
    if (target !== undefined) targets.set(target, [...(targets.get(target) ?? []), signal])
  }
  return [...targets].map(([target, signals]) => `  ${name} --> ${target}: ${signals.join(', ')}`)
}
