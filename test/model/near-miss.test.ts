import { expect, test } from 'vitest'
import { nearest } from '../../lib/model/near-miss.ts'

const keys = ['charm', 'options', 'resources', 'to', 'num_units']

test.each([
  ['chram', 'charm'],
  ['charms', 'charm'],
  ['chrm', 'charm'],
  ['Charm', 'charm'],
  ['num-units', 'num_units'],
  ['NUM_UNIT', 'num_units'],
  ['resource', 'resources'],
  ['opitons', 'options'],
  ['too', 'to'],
])('%s was meant as %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant)
})

test.each(['series', 'expose', 'x', '', 'constraints', 'no', 'ot'])('%j is near to nothing', (word) => {
  expect(nearest(word, keys)).toBeUndefined()
})

test('the nearest of several wins, the first of equals', () => {
  expect(nearest('n3', ['n10', 'n1', 'n2'])).toBeUndefined()
  expect(nearest('node3', ['node10', 'node1', 'node2'])).toBe('node1')
  expect(nearest('kata-cl', ['kata', 'kata-clh', 'kata-qemu'])).toBe('kata-clh')
})

test('very long words are not compared', () => {
  expect(nearest('a'.repeat(65), ['a'.repeat(65)])).toBeUndefined()
  expect(nearest('a'.repeat(64), ['a'.repeat(63)])).toBe('a'.repeat(63))
})
