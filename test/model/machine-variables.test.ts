import { expect, test } from 'vitest'
import { parseInventory } from '../../lib/model/inventory.ts'
import { renderMachines } from '../../lib/report/machines-text.ts'
import { apply, machine, placesOf, three } from './deploys.ts'
import { faultsOf } from './refusals.ts'

const parse = (text: string) => parseInventory(text, { file: 'i.yaml', home: '/home/ann' }).machines
const short = (text: string) => () => parse(text)

test('variables: those of the machine, then of its groups in their order', () => {
  const [a, b, c] = parse(`
groups:
  east: { variables: { zone: east, rack: 1, spare: false } }
  new: { variables: { rack: 9, age: new } }
machines:
- { name: a, address: a, groups: [east, new], variables: { rack: r7 } }
- { name: b, address: b, groups: [east] }
- { name: c, address: c }
`)
  expect(a?.variables).toEqual({ zone: 'east', rack: 'r7', spare: false, age: 'new' })
  expect(b?.variables).toEqual({ zone: 'east', rack: 1, spare: false })
  expect(c).not.toHaveProperty('variables')
})

test.each([
  [
    '{ tag: x }',
    'i.yaml:1:48: name "tag" is not allowed (machines[0].variables.tag): expected a name that is not reserved',
  ],
  ['{ a b: x }', 'i.yaml:1:48: name "a b" is not allowed'],
  ['{ rack: [1] }', 'i.yaml:1:54: got a list (machines[0].variables.rack)'],
  ['{ rack: 1.10 }', 'expected text | whole number | true | false; write it in quotes: "1.10"'],
  ['{ rack: "a\\nb" }', 'expected one line of text'],
])('a fault of variables: %s', (variables, says) => {
  expect(faultsOf(short(`machines: [{ name: n, address: a, variables: ${variables} }]`)).join('\n')).toContain(says)
})

const racks = three.map((each, at) => ({ ...each, variables: { rack: at === 0 ? 'r0' : 'r1', slot: at } }))

test.each([
  ['rack=r1', ['n2', 'n3']],
  ['slot=2', ['n3']],
  ['[slot=2, rack=r0, tag=gpu]', ['n3', 'n1', 'n2']],
])('to: %s is on %j', (to, machines) => {
  const text = `applications:\n  c: {charm: containerd, to: ${to}}`
  expect(placesOf(apply(text, { inventory: racks }))).toEqual(machines)
})

test.each([
  ['rack=r2', 'no machine has rack="r2" (applications.c.to): expected one of: r0, r1'],
  [
    'racks=r1',
    'no machine has the variable "racks" (applications.c.to): expected one of: rack, slot; did you mean "rack"?',
  ],
  ['rack=R1', 'no machine has rack="R1"'],
])('to: %s is on none, and that is said', (to, says) => {
  const text = `applications:\n  c: {charm: containerd, to: ${to}}`
  expect(faultsOf(() => apply(text, { inventory: racks }))[0]).toContain(`b.yaml:2:30: ${says}`)
})

test('the table of machines shows them beside the tags', () => {
  const one = { ...machine('n1', 'gpu'), variables: { rack: 'r1', spare: true }, units: {} }
  expect(renderMachines([one])).toContain('gpu,rack=r1,spare=true')
})
