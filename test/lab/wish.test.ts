import { expect, test } from 'vitest'
import { planLab } from '../../lib/lab/wish.ts'

test('a number of nodes is as many bare nodes of the default system', () => {
  const node = { base: 'trixie', containerd: false, tags: [], user: 'root' }
  expect(planLab({ nodes: 2 })).toEqual({
    ...{ name: 'lab', kind: 'nspawn', cpu: 'EPYC,+svm' },
    nodes: [
      { name: 'n1', ...node },
      { name: 'n2', ...node },
    ],
  })
})

test('what a node says itself goes before what the lab says', () => {
  const { nodes } = planLab({
    nodes: [{ name: 'a' }, { name: 'b', base: 'trixie', containerd: false }],
    base: 'bookworm',
    containerd: true,
  })
  expect(nodes.map(({ base, containerd }) => [base, containerd])).toEqual([
    ['bookworm', true],
    ['trixie', false],
  ])
})

test.each([
  ['a name that cannot be a host name', { nodes: [{ name: 'N_1' }] }, "'N_1' is no name"],
  ['a lab name that is a path', { name: '../x', nodes: 1 }, "'../x' is no name"],
  ['two nodes of one name', { nodes: [{ name: 'a' }, { name: 'a' }] }, 'two nodes are named a'],
  ['no node', { nodes: 0 }, '1 to 200 nodes, not 0'],
  ['more nodes than addresses', { nodes: 201 }, '1 to 200 nodes, not 201'],
  [
    'an old system on an emulated node',
    { kind: 'vm' as const, base: 'bookworm' as const, nodes: 1 },
    'kind vm has base trixie',
  ],
])('refused: %s', (_, wish, says) => {
  expect(() => planLab(wish)).toThrowError(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining(says) }),
  )
})
