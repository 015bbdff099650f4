import { expect, test } from 'vitest'
import { emptyModel, type Application, type Model, type Relation } from '../../lib/model/declaration.ts'
import { unitsOf, type DeclaredUnit, type RecordedUnit } from '../../lib/model/units.ts'
import { charms } from './charms.ts'
import { refusalOf } from './refusals.ts'

function app(name: string, charm: string, given: Partial<Application> = {}): Application {
  return { name, charm, bundleOptions: {}, setOptions: {}, resources: {}, machines: [], life: 'present', ...given }
}

function modelOf(applications: Application[], relations: Relation[] = []): Model {
  return {
    ...emptyModel('m', 'id'),
    applications: Object.fromEntries(applications.map((one) => [one.name, one])),
    relations,
  }
}

const related = (provider: string, requirer = 'kata', life: Relation['life'] = 'present'): Relation => ({
  provider: { app: provider, endpoint: 'handlers' },
  requirer: { app: requirer, endpoint: 'runtime' },
  life,
})
const recorded = (...units: string[]): RecordedUnit[] =>
  units.map((text) => {
    const [unit = '', machine = ''] = text.split('@')
    return { unit, machine, app: unit.replace(/\/\d+$/, '') }
  })
const units = (model: Model, ...known: string[]) => unitsOf(model, { recorded: recorded(...known), charms })
const line = ({ name, machine, life, principal }: DeclaredUnit) =>
  `${name}@${machine}${life === 'absent' ? ' absent' : ''}${principal === undefined ? '' : ` beside ${principal}`}`
const lines = (model: Model, ...known: string[]) => units(model, ...known).map(line)

const containerd = app('containerd', 'containerd', { machines: ['n2', 'n1'] })
const kata = app('kata', 'kata')

test('a principal has one unit per machine, in the order of its placement', () => {
  expect(units(modelOf([containerd]))).toEqual([
    { name: 'containerd/0', app: 'containerd', charm: 'containerd', machine: 'n2', life: 'present' },
    { name: 'containerd/1', app: 'containerd', charm: 'containerd', machine: 'n1', life: 'present' },
  ])
})

test('a subordinate that is not related has no unit', () => {
  expect(lines(modelOf([containerd, kata]))).toEqual(['containerd/0@n2', 'containerd/1@n1'])
})

test('a related subordinate has a unit beside each of its principal’s', () => {
  expect(lines(modelOf([kata, containerd], [related('containerd')]))).toEqual([
    'containerd/0@n2',
    'containerd/1@n1',
    'kata/0@n2 beside containerd/0',
    'kata/1@n1 beside containerd/1',
  ])
})

test('two principals on one machine share the subordinate’s unit', () => {
  const other = app('other', 'containerd', { machines: ['n1', 'n3'] })
  expect(lines(modelOf([containerd, other, kata], [related('containerd'), related('other')])).slice(4)).toEqual([
    'kata/0@n2 beside containerd/0',
    'kata/1@n1 beside containerd/1',
    'kata/2@n3 beside other/1',
  ])
})

test('a relation of global scope places nothing', () => {
  const cache = {
    provider: { app: 'registry', endpoint: 'cache' },
    requirer: { app: 'containerd', endpoint: 'cache' },
    life: 'present' as const,
  }
  const registry = app('registry', 'registry', { machines: ['n3'] })
  expect(lines(modelOf([containerd, registry], [cache]))).toEqual([
    'containerd/0@n2',
    'containerd/1@n1',
    'registry/0@n3',
  ])
})

test('recorded names stay, new ones take the lowest free numbers', () => {
  const wide = app('containerd', 'containerd', { machines: ['n1', 'n2', 'n3', 'n4'] })
  expect(lines(modelOf([wide]), 'containerd/1@n3', 'containerd/5@n1')).toEqual([
    'containerd/5@n1',
    'containerd/0@n2',
    'containerd/1@n3',
    'containerd/2@n4',
  ])
})

test('the number of a unit that is going is not free yet', () => {
  expect(lines(modelOf([containerd]), 'containerd/0@n9')).toEqual([
    'containerd/1@n2',
    'containerd/2@n1',
    'containerd/0@n9 absent',
  ])
})

test.each<[string, Model, string[]]>([
  [
    'its machine is no longer a place of it',
    modelOf([app('containerd', 'containerd', { machines: ['n2'] })]),
    ['containerd/0@n2', 'containerd/1@n1 absent'],
  ],
  [
    'its application is being removed',
    modelOf([{ ...containerd, life: 'absent' }]),
    ['containerd/0@n2 absent', 'containerd/1@n1 absent'],
  ],
  ['its application is not known', modelOf([]), ['containerd/0@n2 absent', 'containerd/1@n1 absent']],
])('a recorded unit is absent when %s', (_why, model, expected) => {
  expect(lines(model, 'containerd/0@n2', 'containerd/1@n1')).toEqual(expected)
})

test.each<[string, Model]>([
  ['its relation', modelOf([containerd, kata], [related('containerd', 'kata', 'absent')])],
  ['its relation (gone altogether)', modelOf([containerd, kata])],
  ['its application', modelOf([containerd, { ...kata, life: 'absent' }], [related('containerd')])],
])('a subordinate’s unit is absent with %s', (_why, model) => {
  expect(lines(model, 'containerd/0@n2', 'containerd/1@n1', 'kata/0@n2')).toEqual([
    'containerd/0@n2',
    'containerd/1@n1',
    'kata/0@n2 absent',
  ])
})

test('a subordinate’s unit is absent with its principal', () => {
  const model = modelOf([{ ...containerd, life: 'absent' }, kata], [related('containerd')])
  expect(lines(model, 'containerd/0@n2', 'kata/0@n2')).toEqual(['containerd/0@n2 absent', 'kata/0@n2 absent'])
})

test('one of two relations is enough for a subordinate’s unit', () => {
  const other = app('other', 'containerd', { machines: ['n1'] })
  const model = modelOf([containerd, other, kata], [related('containerd', 'kata', 'absent'), related('other')])
  expect(lines(model, 'kata/0@n1', 'kata/1@n2').slice(-2)).toEqual(['kata/0@n1 beside other/0', 'kata/1@n2 absent'])
})

test('what was never recorded needs no removal', () => {
  expect(lines(modelOf([{ ...containerd, life: 'absent' }]))).toEqual([])
})

test('two recorded units of one application on one machine: the first stays', () => {
  const model = modelOf([app('containerd', 'containerd', { machines: ['n1'] })])
  expect(lines(model, 'containerd/3@n1', 'containerd/1@n1')).toEqual(['containerd/3@n1', 'containerd/1@n1 absent'])
})

test('an absent unit keeps its charm, from the model or from the record', () => {
  const gone = { machine: 'n1', unit: 'old/0', app: 'old', charm: 'kata' }
  const [unit] = unitsOf(modelOf([]), { recorded: [gone], charms })
  expect(unit).toEqual({ name: 'old/0', app: 'old', charm: 'kata', machine: 'n1', life: 'absent' })
  const removed = app('old', 'containerd', { life: 'absent' })
  expect(unitsOf(modelOf([removed]), { recorded: [gone], charms })[0]?.charm).toBe('containerd')
})

test('one unit on two machines is refused', () => {
  expect(refusalOf(() => lines(modelOf([containerd]), 'containerd/0@n1', 'containerd/0@n2'))).toBe(
    'foreign-model: n1 and n2 both hold a unit containerd/0',
  )
})

test('an application whose charm is not there is refused, so that its units are not taken for unwanted', () => {
  expect(refusalOf(() => lines(modelOf([app('x', 'gone')]), 'x/0@n1'))).toBe(
    'not-found: application x: there is no charm gone',
  )
})
