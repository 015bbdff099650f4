import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { graphOf, renderMermaid } from '../../lib/report/graph.ts'
import { renderSvg } from '../../lib/report/graph-svg.ts'
import type { StatusReport } from '../../lib/run/status.ts'

const unit = (status: string, machine: string) => ({ status, machine })

const report = (units: Record<string, { status: string; machine: string }>): StatusReport => ({
  model: { name: 'tour', id: '1' },
  applications: {
    containerd: {
      charm: 'containerd',
      status: 'active',
      subordinate: false,
      units: { 'containerd/0': unit('active', 'n1') },
    },
    vms: { charm: 'kata', status: 'error', subordinate: true, units },
  },
  machines: {},
  relations: [
    { requirer: 'vms:runtime', provider: 'containerd:handlers', interface: 'runtime-handlers', status: 'joined' },
  ],
})

const graph = graphOf(report({ 'vms/0': unit('error', 'n1') }))

test('applications with their units and health, joined by relations', () => {
  expect(graph).toEqual({
    title: 'Model tour',
    nodes: [
      {
        id: 'containerd',
        heading: 'containerd: active',
        health: 'good',
        lines: [{ text: 'containerd/0 on n1: active', health: 'good' }],
      },
      {
        id: 'vms',
        heading: 'vms (kata): error',
        health: 'bad',
        lines: [{ text: 'vms/0 on n1: error', health: 'bad' }],
      },
    ],
    edges: [{ from: 'vms', to: 'containerd', label: 'runtime-handlers' }],
  })
})

test('of many units the worst are named, and how many more there are', () => {
  const many = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [
      `vms/${i}`,
      unit(i === 4321 ? 'error' : i === 7 ? 'waiting' : 'active', `n${i}`),
    ]),
  )
  const lines = graphOf(report(many)).nodes[1]?.lines ?? []
  expect(lines).toHaveLength(12)
  expect(lines.slice(0, 2).map(({ text }) => text)).toEqual(['vms/4321 on n4321: error', 'vms/7 on n7: waiting'])
  expect(lines.at(-1)).toEqual({ text: 'and 4989 more', health: 'good' })
})

test('Mermaid', () => {
  expect(renderMermaid(graph)).toBe(`---
title: "Model tour"
---
flowchart LR
  n0["containerd: active<br>containerd/0 on n1: active"]:::good
  n1["vms (kata): error<br>vms/0 on n1: error"]:::bad
  n1 -- "runtime-handlers" --> n0
  classDef good fill:#e6f4ea,stroke:#1e7e34
  classDef doubtful fill:#fff4e0,stroke:#b36b00
  classDef bad fill:#fde8e8,stroke:#b02a2a
  classDef unknown fill:#f0f0f0,stroke:#6b6b6b
`)
})

test('SVG: the boxes lie in the picture and not on each other, the arrow leads from one to the other', () => {
  const svg = renderSvg(graph)
  const [, width, height] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
  const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"/g)].map((found) =>
    found.slice(1).map(Number),
  )
  expect(boxes).toHaveLength(2)
  for (const [x = -1, y = -1, w = 0, h = 0] of boxes) {
    expect(Math.min(x, y)).toBeGreaterThan(0)
    expect(x + w).toBeLessThanOrEqual(width ?? 0)
    expect(y + h).toBeLessThanOrEqual(height ?? 0)
  }
  const [[left = 0], [right = 0, , wide = 0]] = boxes as [number[], number[]]
  expect(right + wide).toBeLessThan(left)
  expect(svg).toMatch(/<path d="M[\d.]+ [\d.]+ (L[\d.]+ [\d.]+ ?)+" .*marker-end="url\(#arrow\)"/)
  expect(svg).toContain('>runtime-handlers</text>')
})

test('nothing in a name becomes markup', () => {
  const hostile = '"><script>alert(1)</script>&#x0;\u001b[31m'
  const bad = graphOf(report({ [hostile]: unit(hostile, hostile) }))
  const svg = renderSvg(bad)
  expect(svg).not.toContain('<script')
  expect(svg).not.toContain('\u001b')
  execFileSync('python3', ['-c', 'import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.stdin.buffer.read())'], {
    input: svg,
  })
  expect(renderMermaid(bad)).not.toMatch(/<script|\u001b/)
})

test('a model without an application is a picture too', () => {
  const empty = graphOf({ model: { name: 'm', id: '1' }, applications: {}, machines: {}, relations: [] })
  expect(renderSvg(empty)).toContain('Model m')
  expect(renderMermaid(empty)).toContain('flowchart LR')
})
