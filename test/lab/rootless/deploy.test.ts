import { expect, test } from 'vitest'
import { remove } from '../../../lib/run/verbs/remove.ts'
import { charms } from '../../../charms/index.ts'
import { listing } from '../../host/listing.ts'
import { deployment } from './deployment.ts'

test('a bundle of containerd and kata is deployed, again costs one exec, and removing leaves nothing', async () => {
  const on = await deployment()
  const bare = listing(on.root, { leave: LEAVE })
  let t = Date.now()
  const first = await on.run(on.deploy)
  console.log('deploy', Date.now() - t, on.node.stats)
  expect(statuses(first)).toEqual(['containerd/0 active', 'kata/0 active'])
  console.log(first.units.map((u) => u.record.message))
  const before = { ...on.node.stats }
  t = Date.now()
  const second = await on.run(on.deploy)
  console.log('noop', Date.now() - t)
  expect(second.plans.flatMap((plan) => plan.changes)).toEqual([])
  expect(on.node.stats).toEqual({ connections: before.connections + 1, execs: before.execs + 1 })
  for (const app of ['kata', 'containerd']) await on.run(remove(app, { units: second.units, charms }))
  expect(listing(on.root, { leave: LEAVE })).toEqual(bare)
})

const LEAVE = ['var/log/stand-in', 'run/systemd']
function statuses(o: { units: { record: { unit: string }; status: string }[] }) {
  return o.units.map((unit) => `${unit.record.unit} ${unit.status}`)
}
