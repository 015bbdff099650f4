import type { StatusReport, UnitStatus } from '../run/status.ts'
import { type Health, healthOf } from './health.ts'
import { harmless } from './terminal-text.ts'

/** A model as a picture: its applications with their units, joined by its relations. */
export interface Graph {
  title: string
  nodes: GraphNode[]
  edges: { from: string; to: string; label: string }[]
}

export interface GraphNode {
  id: string
  /** The application, its charm and how it is. */
  heading: string
  health: Health
  /** A line for each unit, or one for the rest of many. */
  lines: { text: string; health: Health }[]
}

const MOST_UNITS = 12

export function graphOf({ model, applications, relations }: StatusReport): Graph {
  return {
    title: `Model ${model.name}`,
    nodes: Object.entries(applications).map(([name, { charm, status, units }]) => ({
      id: name,
      heading: name === charm ? `${name}: ${status}` : `${name} (${charm}): ${status}`,
      health: healthOf(status),
      lines: unitLines(Object.entries(units)),
    })),
    edges: relations.map(({ requirer, provider, interface: label }) => ({
      from: requirer.replace(/:.*/s, ''),
      to: provider.replace(/:.*/s, ''),
      label,
    })),
  }
}

/** As Mermaid draws it, in Markdown for one. */
export function renderMermaid({ title, nodes, edges }: Graph): string {
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]))
  return [
    '---',
    `title: ${JSON.stringify(harmless(title))}`,
    '---',
    'flowchart LR',
    ...nodes.map(({ id, heading, lines, health }) => {
      const words = [heading, ...lines.map(({ text }) => text)].map(mermaidText).join('<br>')
      return `  ${ids.get(id)}["${words}"]:::${health}`
    }),
    ...edges.map(({ from, to, label }) => `  ${ids.get(from)} -- "${mermaidText(label)}" --> ${ids.get(to)}`),
    ...Object.entries(COLOURS).map(([health, { fill, line }]) => `  classDef ${health} fill:${fill},stroke:${line}`),
    '',
  ].join('\n')
}

export const COLOURS: Record<Health, { fill: string; line: string }> = {
  good: { fill: '#e6f4ea', line: '#1e7e34' },
  doubtful: { fill: '#fff4e0', line: '#b36b00' },
  bad: { fill: '#fde8e8', line: '#b02a2a' },
  unknown: { fill: '#f0f0f0', line: '#6b6b6b' },
}

function unitLines(units: [string, UnitStatus][]): GraphNode['lines'] {
  const worst = units.toSorted(([, a], [, b]) => RANK[healthOf(a.status)] - RANK[healthOf(b.status)])
  const shown = units.length > MOST_UNITS ? worst.slice(0, MOST_UNITS - 1) : units
  const lines = shown.map(([name, { machine, status }]) => ({
    text: `${name} on ${machine}: ${status}`,
    health: healthOf(status),
  }))
  const rest = units.length - shown.length
  const others = worst.slice(shown.length).map(([, { status }]) => healthOf(status))
  return rest === 0 ? lines : [...lines, { text: `and ${rest} more`, health: others[0] ?? 'unknown' }]
}

/** The worst first: they are what a picture is looked at for. */
const RANK: Record<Health, number> = { bad: 0, doubtful: 1, unknown: 2, good: 3 }

function mermaidText(text: string): string {
  return harmless(text).replace(/[#"<>&]/g, (c) => `#${c.charCodeAt(0)};`)
}
