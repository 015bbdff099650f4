import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import { faultsOf } from './refusals.ts'

const BASE = `applications:
  containerd:
    charm: containerd
    to: all
    options: { systemd_cgroup: auto, hold: false }
  kata:
    charm: kata
    options: { preflight: warn }
    resources: { kata: kata-static-3.20.0-amd64.tar.xz }
relations:
  - [kata:runtime, containerd:handlers]
`

const over = (...overlays: string[]) =>
  parseBundle(BASE, {
    file: '/b/bundle.yaml',
    charms,
    overlays: overlays.map((text, at) => ({ file: `/o${at + 1}/over.yaml`, text })),
  })

const refused = (...overlays: string[]) => faultsOf(() => over(...overlays))

test('options and resources are merged, other fields replaced, in the order of the overlays', () => {
  const { applications } = over(
    'applications: { containerd: { options: { systemd_cgroup: "true" }, to: [n1] } }',
    'applications: { containerd: { options: { hold: true } }, kata: { resources: { kata: kata-static-4.1.0-amd64.tar.xz } } }',
  )
  expect(applications['containerd']?.options).toEqual({ systemd_cgroup: 'true', hold: true })
  expect(applications['containerd']?.placement.targets).toEqual([expect.objectContaining({ machine: 'n1' })])
  expect(applications['kata']?.options).toEqual({ preflight: 'warn' })
})

test('a path is relative to the file in which it stands', () => {
  const from = (bundle: ReturnType<typeof over>) => bundle.applications['kata']?.resources['kata']?.from
  expect(from(over())).toBe('/b/kata-static-3.20.0-amd64.tar.xz')
  const moved = over(
    'applications: { kata: { resources: { kata: kata-static-4.1.0-amd64.tar.xz } } }',
    'description: x',
  )
  expect(from(moved)).toBe('/o1/kata-static-4.1.0-amd64.tar.xz')
})

test('an application that is nothing goes with its relations; a new one comes', () => {
  const { applications, relations } = over('applications: { kata: null }')
  expect([Object.keys(applications), relations]).toEqual([['containerd'], []])
  const added = over('applications: { kata2: { charm: kata } }', 'relations: [[kata2, containerd]]')
  expect(Object.keys(added.applications)).toEqual(['containerd', 'kata', 'kata2'])
  expect(added.relations).toHaveLength(2)
})

test.each([
  '[kata, containerd]',
  '[containerd, kata]',
  '[containerd:handlers, kata]',
  '["kata:runtime", "containerd:handlers"]',
])('a single relation goes: %s', (pair) => {
  const { applications, relations } = over(`removed-relations: [${pair}]`)
  expect([Object.keys(applications), relations]).toEqual([['containerd', 'kata'], []])
})

test('machines are added and replaced by their names', () => {
  const { machines } = over('machines: { n1: { tags: [a] }, n2: }', 'machines: { n1: { tags: [b] } }')
  expect(Object.entries(machines ?? {}).map(([name, { tags, at }]) => [name, tags, at])).toEqual([
    ['n1', ['b'], '/o2/over.yaml:1:17'],
    ['n2', [], '/o1/over.yaml:1:32'],
  ])
})

test('further documents of the bundle’s file are overlays of their own, and come first', () => {
  const text = `${BASE}---\napplications: { kata: { options: { preflight: block } } }\n---\nremoved-relations: [[kata, containerd]]\n`
  const overlay = { file: 'o.yaml', text: 'applications: { kata: { options: { preflight: warn } } }' }
  const two = parseBundle(text, { file: 'b.yaml', charms })
  expect([two.applications['kata']?.options, two.relations]).toEqual([{ preflight: 'block' }, []])
  const three = parseBundle(text, { file: 'b.yaml', charms, overlays: [overlay] })
  expect(three.applications['kata']?.options).toEqual({ preflight: 'warn' })
})

test.each<[string, string[], string[]]>([
  [
    'of an option, in the overlay that says it',
    ['description: x', 'applications:\n  kata:\n    options: { preflight: maybe }'],
    ['/o2/over.yaml:3:27: '],
  ],
  [
    'of an application that is not there',
    ['applications: { kat: }'],
    ['/o1/over.yaml:1:17: there is no application "kat" to remove'],
  ],
  [
    'of a relation that is not there',
    ['removed-relations: [[a, b]]'],
    ['/o1/over.yaml:1:21: there is no such relation to remove'],
  ],
  [
    'of a list that is none',
    ['removed-relations: kata'],
    ['/o1/over.yaml:1:20: not accepted (removed-relations): expected a list'],
  ],
  ['of a relation between strangers', ['relations: [[kata, nobody]]'], ['/o1/over.yaml:1:']],
  ['of a document that is no map', ['[1]'], ['/o1/over.yaml:1:1: not accepted: expected a map']],
  ['of a key that nobody knows', ['aplications: {}'], ['/o1/over.yaml:1:1: unknown key "aplications"']],
  ['of a key written twice', ['applications: { kata: { num_units: 1, num_units: 2 } }'], ['/o1/over.yaml:1:']],
  [
    'of what is below, in the bundle',
    ['applications: { containerd: { charm: kata } }'],
    ['/b/bundle.yaml:4:5: a subordinate is placed'],
  ],
])('a fault %s has its place', (_, overlays, places) => {
  const faults = refused(...overlays)
  for (const [at, place] of places.entries()) expect(faults[at]).toContain(place)
})

test('a fault of the second document has its line in the file', () => {
  const text = `${BASE}---\n# an overlay\napplications:\n  kata: { options: { preflight: maybe } }\n`
  expect(faultsOf(() => parseBundle(text, { file: 'b.yaml', charms }))[0]).toMatch(/^b\.yaml:15:33: /)
})
