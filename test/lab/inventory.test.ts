import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderInventory, renderKnownHosts } from '../../lib/lab/inventory.ts'
import type { Lab, LabNode } from '../../lib/lab/types.ts'

const NODE: LabNode = {
  ...{ name: 'n1', base: 'trixie', containerd: false, kind: 'nspawn', tags: ['a', 'yes'], user: 'op' },
  ...{ address: '127.0.0.1', port: 40001, ownAddress: '10.77.0.11' },
}

const LAB: Lab = {
  ...{ name: 'two', id: '0123ab', kind: 'nspawn', dir: '/labs/two', cpu: '' },
  ...{ inventory: '/labs/two/inventory.yaml', knownHosts: '/labs/two/known_hosts', key: '/labs/two/id_ed25519' },
  nodes: [NODE, { ...NODE, name: 'n2', port: 40002, ownAddress: '10.77.0.12', tags: [], user: 'root' }],
}

test('an inventory names for each node how it is reached, and what it is called inside', () => {
  const key = '/labs/two/id_ed25519'
  expect(parse(renderInventory(LAB))).toEqual({
    machines: [
      {
        name: 'n1',
        address: '127.0.0.1',
        'own-address': '10.77.0.11',
        port: 40001,
        user: 'op',
        key,
        tags: ['a', 'yes'],
      },
      { name: 'n2', address: '127.0.0.1', 'own-address': '10.77.0.12', port: 40002, user: 'root', key, tags: [] },
    ],
    'known-hosts': '/labs/two/known_hosts',
    'ssh-config': 'none',
  })
})

test('known_hosts has an entry per port, without the comments of the key files', () => {
  expect(renderKnownHosts(LAB, ['ssh-ed25519 AAAA n1\n', 'ssh-ed25519 BBBB n2\n'])).toBe(
    '[127.0.0.1]:40001 ssh-ed25519 AAAA\n[127.0.0.1]:40002 ssh-ed25519 BBBB\n',
  )
})
