import type { Chart, ChartState } from '../lifecycle/chart.ts'
import type { CharmMeta } from '../model/charm-meta.ts'
import { optionDocs } from '../model/options.ts'
import { renderTable } from './table.ts'

/** A charm for people: options, endpoints, resources. */
export function renderCharm(meta: CharmMeta): string {
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
  ].join('')
}

/** The same for programs. */
export function charmJson(meta: CharmMeta): object {
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
  }
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
