import dagre from '@dagrejs/dagre'
import { COLOURS, type Graph, type GraphNode } from './graph.ts'
import { harmless } from './terminal-text.ts'

const LINE = 18
const PAD = 12
/** Of a fixed-width font of this size. */
const LETTER = 7.3
const FONT = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"'

/** The picture as SVG, laid out by dagre; it needs nothing from anywhere else. */
export function renderSvg({ title, nodes, edges }: Graph): string {
  const layout = new dagre.graphlib.Graph({ multigraph: true })
  layout.setGraph({ rankdir: 'LR', nodesep: 40, ranksep: 120, marginx: 20, marginy: 44 })
  layout.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) layout.setNode(node.id, sizeOf(node))
  edges.forEach(({ from, to, label }, at) => {
    layout.setEdge(from, to, { width: label.length * LETTER, height: LINE, labelpos: 'c' }, String(at))
  })
  dagre.layout(layout)
  const { width = 200, height = 100 } = layout.graph()
  const size = { width: Math.max(Math.ceil(width), 240), height: Math.ceil(height) }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" role="img">`,
    `<title>${xml(title)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="20" y="26" ${FONT} font-weight="bold">${xml(title)}</text>`,
    ...edges.map(({ from, to, label }, at) => edge(layout.edge(from, to, String(at)), label)),
    ...nodes.map((node) => box(node, layout.node(node.id))),
    '</svg>',
    '',
  ].join('\n')
}

interface Place {
  x: number
  y: number
  width: number
  height: number
}

function sizeOf({ heading, lines }: GraphNode): { width: number; height: number } {
  const longest = Math.max(heading.length, ...lines.map(({ text }) => text.length))
  return { width: Math.ceil(longest * LETTER + 2 * PAD), height: (lines.length + 1) * LINE + 2 * PAD }
}

function box({ heading, lines, health }: GraphNode, { x, y, width, height }: Place): string {
  const { fill, line } = COLOURS[health]
  const left = x - width / 2
  const top = y - height / 2
  const text = (words: string, at: number, more: string): string =>
    `<text x="${round(left + PAD)}" y="${round(top + PAD + (at + 0.75) * LINE)}" ${FONT} ${more}>${xml(words)}</text>`
  return [
    `<rect x="${round(left)}" y="${round(top)}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${line}" stroke-width="1.5"/>`,
    text(heading, 0, 'font-weight="bold"'),
    ...lines.map((each, at) => text(each.text, at + 1, `fill="${COLOURS[each.health].line}"`)),
  ].join('\n')
}

function edge({ points, x, y }: { points: { x: number; y: number }[]; x?: number; y?: number }, label: string): string {
  const path = points.map((point, at) => `${at === 0 ? 'M' : 'L'}${round(point.x)} ${round(point.y)}`).join(' ')
  const words =
    x === undefined || y === undefined
      ? ''
      : `<text x="${round(x)}" y="${round(y - 6)}" text-anchor="middle" ${FONT} fill="#555">${xml(label)}</text>`
  return `<path d="${path}" fill="none" stroke="#555" stroke-width="1.5" marker-end="url(#arrow)"/>${words}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function xml(text: string): string {
  return harmless(text).replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
