import { expect, test } from 'vitest'
import { addressesOf, isWithin } from '../../lib/model/addresses.ts'
import { emptyModel, type Machine } from '../../lib/model/declaration.ts'

const machine = (name: string, address: string, ownAddress = address): Machine => {
  return { name, address, ownAddress, port: 22, user: 'root', knownHosts: '/k', tags: [] }
}

test('own addresses, and those of SSH that are no names, each once and in one order', () => {
  const machines = {
    b: machine('b', 'bastion.example', '10.0.0.2'),
    a: machine('a', '203.0.113.9', '10.0.0.1'),
    c: machine('c', '203.0.113.9', 'fd00::3'),
    d: machine('d', 'd.example'),
  }
  const model = { ...emptyModel('m', 'id'), machines }
  expect(addressesOf(model)).toEqual(['10.0.0.1', '10.0.0.2', '203.0.113.9', 'd.example', 'fd00::3'])
  expect(addressesOf(model)).toBe(addressesOf(model))
})

test.each([
  ['10.77.0.11', '10.0.0.0/8', true],
  ['11.0.0.1', '10.0.0.0/8', false],
  ['10.77.0.11', '10.77.0.8/30', true],
  ['10.77.0.12', '10.77.0.8/30', false],
  ['fd00::1:2', 'fd00::/8', true],
  ['2001:db8::1', '2001:db8:0:0::/64', true],
  ['2001:db8:0:1::1', '2001:db8::/64', false],
  ['::1', '0.0.0.0/0', false],
  ['n1.example', '10.0.0.0/8', false],
  ['10.0.0.1', '10.0.0.1', false],
  ['10.0.0.1', '.example/8', false],
])('%s in %s: %s', (address, network, expected) => {
  expect(isWithin(address, network)).toBe(expected)
})
