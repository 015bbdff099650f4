import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import type { Charm } from '../../lib/lifecycle/charm.ts'
import { emptyModel, type Machine, type Model } from '../../lib/model/declaration.ts'
import { Answers } from '../../lib/run/answers.ts'
import { closeFleet, type FleetGiven, type FleetSite, planFleet, planLinks } from '../../lib/run/fleet.ts'
import { learn, type SiteLink } from '../../lib/run/site-link.ts'
import { copySite, likeness } from '../../lib/run/sites.ts'
import { testOperator } from './operator.ts'

test('machines that say the same are planned once, each as it would be alone; one that differs by itself', async () => {
  const operator = await testOperator(1)
  const { charms, evaluations } = counted()
  const given = (machines: Machine[]): FleetGiven => ({
    model: modelOf(machines),
    ...{ charms, machines, blobs: {}, known: [], hints: {}, looksOnly: true, open: operator.work().open },
  })
  const fleet = await planFleet(given(operator.machines))
  await closeFleet(fleet)
  const [seen] = fleet.sites
  if (seen === undefined) throw fleet.failed[0]?.error

  // What dpkg-query would have said of the package, on each machine.
  const plan = async (...packages: ('none' | 'config')[]) => {
    const answers = new Answers()
    const links = packages.map((said, index) => repeated(seen, `m${index}`, { answers, 'pkg:containerd': said }))
    const before = evaluations()
    const { sites } = await planLinks(links, given(links.map(({ machine }) => machine)), [])
    const plans = sites.map((site) => JSON.stringify(site.plan).replaceAll(/\bm?\d+"/g, 'N"'))
    return { plans, sites, evaluated: evaluations() - before }
  }
  const alone = [await plan('none'), await plan('config')]
  expect(alone.map(({ evaluated }) => evaluated)).toEqual([1, 1])
  expect(alone[0]?.plans).not.toEqual(alone[1]?.plans)
  const together = await plan('none', 'none', 'config', 'none', 'config')
  expect(together.evaluated).toBe(2)
  const [p, e] = alone.map(({ plans }) => plans[0])
  expect(together.plans).toEqual([p, p, e, p, e])
  expect(together.sites.map(({ plan }) => plan.units[0]?.unit)).toEqual([0, 1, 2, 3, 4].map((n) => `containerd/${n}`))
})

test('a machine is like another when both hold nothing and the same is wanted of them', async () => {
  const operator = await testOperator(1)
  const machines = operator.machines
  const given = { model: modelOf(machines), charms, machines, blobs: {}, known: [], hints: {}, looksOnly: true }
  const fleet = await planFleet({ ...given, open: operator.work().open })
  await closeFleet(fleet)
  const site = copySite(fleet.sites[0]?.site as FleetSite['site'])
  const [containerd] = site.units
  if (containerd === undefined) throw new Error('no unit')
  const elsewhere = { ...site, machine: 'other', units: [{ ...containerd, name: 'containerd/1' }] }
  expect(likeness(elsewhere)).toBe(likeness(site))
  for (const differs of [{ life: 'absent' as const }, { app: 'another' }, { begun: true }]) {
    expect(likeness({ ...elsewhere, units: [{ ...containerd, ...differs }] })).not.toBe(likeness(site))
  }
  expect(likeness({ ...site, units: [containerd, containerd] })).not.toBe(likeness(site))
  const lines = [{ t: 'model' as const, id: 'id', name: 'test' }]
  expect(likeness({ ...site, lines })).not.toBe(likeness(site))
  expect(likeness({ ...elsewhere, lines })).not.toBe(likeness({ ...site, lines }))
})

function modelOf(machines: Machine[]): Model {
  const app = { bundleOptions: {}, setOptions: {}, resources: {}, life: 'present' as const }
  const names = machines.map(({ name }) => name)
  return {
    ...emptyModel('test', 'id'),
    machines: Object.fromEntries(machines.map((machine) => [machine.name, machine])),
    applications: { containerd: { ...app, name: 'containerd', charm: 'containerd', machines: names } },
  }
}

/** Another machine, which says what this one has said, but for what is given. */
function repeated(
  { link, readings }: FleetSite,
  name: string,
  { answers, ...others }: { answers: Answers; [key: `pkg:${string}`]: string },
): SiteLink {
  const machine = { ...link.machine, name }
  const own: SiteLink = { ...link, machine, answers, observed: new Map(), frames: new Map(), heard: '' }
  for (const [key, reading] of readings)
    learn(own, reading, others[key as `pkg:${string}`] ?? link.frames.get(key) ?? '')
  return own
}

/** The charms, counting how often one of their stages is evaluated. */
function counted(): { charms: Record<string, Charm>; evaluations(): number } {
  let times = 0
  const { containerd, ...others } = charms
  const { inspecting, ...stages } = containerd?.stages ?? {}
  if (containerd === undefined || inspecting === undefined) throw new Error('containerd has no such stage')
  const counting: typeof inspecting = (context) => {
    times++
    return inspecting(context)
  }
  return {
    charms: { ...others, containerd: { ...containerd, stages: { ...stages, inspecting: counting } } },
    evaluations: () => times,
  }
}
