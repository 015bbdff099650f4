import { expect, test } from 'vitest'
import { again, apply, both, machine, nothing, placesOf, three } from './deploys.ts'
import { faultsOf, refusalOf } from './refusals.ts'

test.each([
  ['', ['n1', 'n2', 'n3']],
  ['to: all', ['n1', 'n2', 'n3']],
  ['num_units: 2', ['n1', 'n2']],
  ['num_units: 0', []],
  ['to: tag=gpu', ['n2', 'n3']],
  ['to: tag=gpu, num_units: 1', ['n2']],
  ['to: [tag=big, n1]', ['n3', 'n1']],
  ['to: [tag=big, tag=gpu]', ['n3', 'n2']],
  ['to: [n3, n1]', ['n3', 'n1']],
])('%s is on %j', (text, machines) => {
  expect(placesOf(apply(`applications:\n  c: {charm: containerd, ${text}}`))).toEqual(machines)
})

test.each([
  ['to: n4', ['b.yaml:2:30: unknown machine "n4" (applications.c.to): expected one of: n1, n2, n3']],
  [
    'to: [n1, tag=gpus, n4]',
    [
      'b.yaml:2:35: no machine has the tag "gpus" (applications.c.to): expected one of: gpu, big; did you mean "gpu"?',
      'b.yaml:2:45: unknown machine "n4" (applications.c.to): expected one of: n1, n2, n3',
    ],
  ],
  ['num_units: 4', ['b.yaml:2:37: too few machines: n1, n2, n3 (applications.c.num_units): expected 4']],
  ['to: tag=big, num_units: 2', ['b.yaml:2:50: too few machines: n3 (applications.c.num_units): expected 2']],
])('%s does not fit the inventory', (text, faults) => {
  const attempt = () => apply(`applications:\n  c: {charm: containerd, ${text}}`)
  expect(faultsOf(attempt)).toEqual(faults)
  expect(refusalOf(attempt)).toMatch(/^invalid-inventory: b\.yaml with these machines cannot be used/)
})

test('no machines at all', () => {
  expect(faultsOf(() => apply(both, { inventory: [] }))).toEqual([
    'no machines: expected an inventory, or --machine NAME=ADDRESS',
  ])
  expect(placesOf(apply('applications: {c: {charm: containerd, num_units: 0}}', { inventory: [] }))).toEqual([])
  expect(placesOf(apply('applications: {k: {charm: kata}}', { inventory: [] }), 'k')).toEqual([])
})

const on = (machines: string, to = 'all') => `machines: ${machines}\napplications: {c: {charm: containerd, to: ${to}}}`

test.each([
  ['{n3: , n1: }', {}, ['n3', 'n1']],
  ['{a: , b: }', { a: 'n2', b: 'n1' }, ['n2', 'n1']],
  ['{a: , n2: }', { a: 'n3.lan' }, ['n3', 'n2']],
  ['{a: {tags: [gpu]}}', {}, ['n2']],
  ['{a: {tags: [gpu]}, b: {tags: [gpu]}}', {}, ['n2', 'n3']],
  ['{a: {tags: [gpu, big]}}', {}, ['n3']],
  ['{a: {tags: [gpu]}, n2: }', {}, ['n3', 'n2']],
  ['{a: {tags: [gpu]}, b: }', { b: 'n2' }, ['n3', 'n2']],
])('machines %s with %j are %j', (machines, bind, names) => {
  expect(placesOf(apply(on(machines), { bind }))).toEqual(names)
})

test('only the machines that the bundle speaks of come into the model, with its tags', () => {
  const { model, record } = apply(on('{n1: {tags: [web]}}', 'tag=web'))
  expect(Object.keys(model.machines)).toEqual(['n1'])
  expect(model.machines['n1']?.tags).toEqual(['web'])
  expect(record.bound).toEqual({ n1: 'n1' })
})

test('a machine that stands on the command line only', () => {
  const { model } = apply(on('{a: }'), { bind: { a: 'ann@10.0.0.9:2222' }, inventory: [] })
  expect(model.machines['a']).toEqual({
    name: 'a',
    address: '10.0.0.9',
    ownAddress: '10.0.0.9',
    port: 2222,
    user: 'ann',
    tags: [],
  })
  const without = apply('applications: {c: {charm: containerd, to: [x, "0"]}}', { bind: { '0': 'n2', x: '10.0.0.9' } })
  expect(placesOf(without)).toEqual(['x', 'n2'])
})

test('a tag finds the machine of last time', () => {
  const first = apply(on('{a: {tags: [gpu]}}'))
  const inventory = [machine('n0', 'gpu'), ...three]
  expect(placesOf(again(first, on('{a: {tags: [gpu]}}'), { inventory }))).toEqual(['n2'])
  expect(placesOf(apply(on('{a: {tags: [gpu]}}'), { inventory }))).toEqual(['n0'])
})

test.each([
  [
    '{a: }',
    {},
    ['b.yaml:1:12: no machine for it (machines.a): expected a in the inventory, or --machine a=NAME|ADDRESS'],
  ],
  [
    '{a: {tags: [big]}, b: {tags: [big, gpu]}, c: }',
    {},
    [
      'b.yaml:1:33: no machine for it (machines.b): expected b in the inventory, a free one with the tags big and gpu, or --machine b=NAME|ADDRESS',
      'b.yaml:1:53: no machine for it (machines.c): expected c in the inventory, or --machine c=NAME|ADDRESS',
    ],
  ],
  [
    '{node-a: , n1: }',
    { 'node-b': 'n2', 'node-a': 'n2' },
    ['--machine: unknown machine "node-b": expected one of: node-a, n1; did you mean "node-a"?'],
  ],
  [
    '{a: , b: }',
    { a: 'n2', b: 'n2' },
    ['b.yaml:1:17: "n2" is bound to another name already (machines.b): expected each machine once'],
  ],
])('machines %s with %j cannot be bound', (machines, bind, faults) => {
  const attempt = () => apply(on(machines), { bind })
  expect(faultsOf(attempt)).toEqual(faults)
  expect(refusalOf(attempt)).toMatch(/^invalid-inventory: /)
})

test('a machine that vanished is shown and keeps its units; with prune they go and it stays reachable', () => {
  const shorter = { inventory: three.slice(0, 2) }
  const second = again(apply(both), both, shorter)
  expect(second.vanished).toEqual({ ...nothing, machines: ['n3'] })
  expect(placesOf(second)).toEqual(['n1', 'n2', 'n3'])
  const third = again(second, both, { ...shorter, prune: true })
  expect(third.vanished).toEqual({ ...nothing, machines: ['n3'] })
  expect(placesOf(third)).toEqual(['n1', 'n2'])
  expect(Object.keys(third.model.machines)).toEqual(['n1', 'n2', 'n3'])
})

test('units that vanished from a machine that is still there are shown, and go with prune', () => {
  const fewer = 'applications: {c: {charm: containerd, to: [n2]}}'
  const first = apply('applications: {c: {charm: containerd}}')
  const second = again(first, fewer)
  const units = [
    { app: 'c', machine: 'n1' },
    { app: 'c', machine: 'n3' },
  ]
  expect(second.vanished).toEqual({ ...nothing, units })
  expect(placesOf(second)).toEqual(['n2', 'n1', 'n3'])
  expect(placesOf(again(second, fewer, { prune: true }))).toEqual(['n2'])
})
