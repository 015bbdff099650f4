import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { charms } from '../../../charms/index.ts'
import type { Outcome } from '../../../lib/run/outcome.ts'
import { remove } from '../../../lib/run/verbs/remove.ts'
import { listing } from '../../host/listing.ts'
import { deployment, type Deployment } from './deployment.ts'

/** What the stand-ins write for themselves. */
const LEAVE = ['var/log/stand-in', 'run/systemd']

test('a bundle is deployed, again costs one connection and one exec, and removing leaves nothing', async () => {
  const on = await deployment()
  const bare = listing(on.root, { leave: LEAVE })
  expect(statuses(await on.run(on.deploy))).toEqual(['containerd/0 active', 'kata/0 active'])
  const before = { ...on.node.stats }
  const second = await on.run(on.deploy)
  expect(second.plans.flatMap((plan) => plan.changes)).toEqual([])
  expect(on.node.stats).toEqual({ connections: before.connections + 1, execs: before.execs + 1 })
  for (const app of ['kata', 'containerd']) await on.run(remove(app, { units: second.units, charms }))
  expect(listing(on.root, { leave: LEAVE })).toEqual(bare)
})

test('a containerd that ran before is adopted, and goes on without us', async () => {
  const on = await deployment({ base: 'bookworm', containerd: true })
  const before = listing(on.root, { leave: LEAVE })
  const { units, plans } = await on.run(on.deploy)
  expect(units.map(({ record }) => record.version)).toEqual(['1.6.20', '3.20.0'])
  expect(plans.flatMap((plan) => plan.changes.map(({ verb }) => verb))).not.toContain(expect.stringMatching(/^install/))
  for (const app of ['kata', 'containerd']) await on.run(remove(app, { units, charms }))
  expect(listing(on.root, { leave: LEAVE })).toEqual(before)
})

/** A fault of the stand-ins, its content, and what the unit then says. */
const FAULTS: [string, string, RegExp][] = [
  ['dpkg-lock', '', /Could not get lock .*lock-frontend/],
  ['apt', 'Failed to fetch runc.deb', /Failed to fetch runc\.deb/],
  ['start-containerd', 'containerd: fatal: no such plugin', /containerd does not come up: .*no such plugin/],
  ['cri-plugin', 'error', /io\.containerd\.grpc\.v1\.cri is in state error/],
  ['not-ready', '', /RuntimeReady is not ready/],
]

test.each(FAULTS)(
  '%s: said by the unit, nothing of the new configuration stays, and a rerun mends it',
  async (name, text, says) => {
    const on = await deployment()
    plant(on, name, text)
    const { units } = await on.run(on.deploy)
    expect(units.find(({ record }) => record.app === 'containerd')).toMatchObject({ status: 'error' })
    expect(JSON.stringify(units.map(({ record }) => record.fault))).toMatch(says)
    const config = join(on.root, 'etc/containerd/config.toml')
    if (existsSync(config)) expect(readFileSync(config, 'utf8')).not.toContain('kata')
    rmSync(join(on.root, 'faults'), { recursive: true })
    expect(statuses(await on.run(on.deploy))).toEqual(['containerd/0 active', 'kata/0 active'])
  },
  120_000,
)

function plant(on: Deployment, name: string, text: string): void {
  mkdirSync(join(on.root, 'faults'))
  writeFileSync(join(on.root, 'faults', name), text)
}

function statuses({ units }: Outcome): string[] {
  return units.map(({ record, status }) => `${record.unit} ${status}`)
}
