import { expect, test } from 'vitest'
import type { Machine } from '../../lib/model/declaration.ts'
import { scpArguments, sshArguments } from '../../lib/run/ssh-arguments.ts'
import type { StoredModel } from '../../lib/state/stored-model.ts'

const bare: Machine = { name: 'n1', address: 'n1.lan', ownAddress: 'n1.lan', tags: [] }
const full: Machine = {
  ...{ name: 'n2', address: '::1', ownAddress: '::1', user: 'ann', port: 2200, key: '/k e y', jump: 'b1,b2', tags: [] },
  ...{ knownHosts: '/known "hosts"', sshConfig: 'none' },
}
const stored = { model: { machines: { n1: bare, n2: full } }, units: [] } as unknown as StoredModel

test('what the inventory leaves open ssh finds by itself', () => {
  expect(sshArguments(bare)).toEqual({ options: [], login: 'n1.lan' })
})

test('what it says goes to ssh as options', () => {
  expect(sshArguments(full)).toEqual({
    options: [
      ...['-F', 'none', '-p', '2200', '-i', '/k e y', '-o', 'IdentitiesOnly=yes'],
      ...['-o', 'ProxyJump=b1,b2', '-o', 'UserKnownHostsFile="/known \\"hosts\\""'],
    ],
    login: 'ann@::1',
  })
})

test('scp: the port has another flag, an IPv6 address has brackets', () => {
  expect(scpArguments(stored, ['n1:/a b', '.'])).toEqual(['--', 'n1.lan:/a b', '.'])
  const words = scpArguments(stored, ['./n1:x', 'n2:'])
  expect(words.slice(0, 4)).toEqual(['-F', 'none', '-P', '2200'])
  expect(words.slice(-3)).toEqual(['--', './n1:x', 'ann@[::1]:'])
})

test.each([[['a', 'b']], [['n1:a', 'n2:b']]])('scp %j is refused: not one machine', (words) => {
  expect(() => scpArguments(stored, words)).toThrow('expected one machine')
})
