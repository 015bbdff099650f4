import { expect, test } from 'vitest'
import { emptyModel, type Machine } from '../../lib/model/declaration.ts'
import { statusOfModel } from '../../lib/run/status.ts'

test.each([
  ['a name', { address: 'node.example' }, 'node.example'],
  ['a name with a port', { address: 'node.example', port: 2222 }, 'node.example:2222'],
  ['IPv6', { address: 'fd00::1' }, 'fd00::1'],
  ['IPv6 with a port', { address: 'fd00::1', port: 2222 }, '[fd00::1]:2222'],
])('an address is shown so that its port can be told: %s', (_, reach, shown) => {
  const machine: Machine = { name: 'n1', ownAddress: reach.address, tags: [], ...reach }
  const model = { ...emptyModel('test', '0'.repeat(16)), machines: { n1: machine } }
  const status = statusOfModel({ version: 1, model, units: [], faults: {}, hints: {} }, {})
  expect(status.machines['n1']?.address).toBe(shown)
})
