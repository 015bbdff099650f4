import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { KcharmError } from '../../lib/errors/index.ts'
import { CONFIG } from '../../charms/containerd/observe.ts'
import { configure } from '../../lib/run/verbs/config.ts'
import { deployCharm } from '../../lib/run/verbs/deploy-charm.ts'
import { relate, unrelate } from '../../lib/run/verbs/relate.ts'
import { remove } from '../../lib/run/verbs/remove.ts'
import { resolveUnit } from '../../lib/run/verbs/resolve.ts'
import { worstOf } from '../../lib/run/outcome.ts'
import { BOTH, planned, statuses, testOperator } from './operator.ts'

const ALL = ['containerd/0 n1 active', 'containerd/1 n2 active', 'kata/0 n1 active', 'kata/1 n2 active']

test('charms deployed one by one, related, unrelated, removed: units come and go, and so do declarations', async () => {
  const on = await testOperator(2)
  const only = { resources: {}, to: [] }
  const { containerd, kata } = charms
  if (!containerd || !kata) throw new Error('both charms come with kcharm')
  await on.run(deployCharm(containerd, { ...on.terms(), ...only }, charms))
  const unrelated = await on.run(
    deployCharm(kata, { ...on.terms({ options: { kata: { preflight: 'warn' } } }), to: [] }, charms),
  )
  expect(statuses(unrelated)).toEqual(ALL.slice(0, 2))

  const before = on.nodes.map(({ root }) => readFileSync(join(root, CONFIG), 'utf8'))
  const related = await on.run(relate('kata', 'containerd', charms))
  expect(statuses(related)).toEqual(ALL)
  expect(planned(related).filter((line) => line.includes('restart'))).toEqual([
    'n1 containerd/0 restart containerd',
    'n2 containerd/1 restart containerd',
  ])
  await expect(on.run(relate('kata', 'containerd', charms))).rejects.toMatchObject({ code: 'relation' })

  const apart = await on.run(unrelate('kata', 'containerd'))
  expect(statuses(apart)).toEqual(ALL.slice(0, 2))
  expect(on.nodes.map(({ root }) => readFileSync(join(root, CONFIG), 'utf8'))).toEqual(before)
  const { model } = await on.stored()
  expect(model.relations).toEqual([])
  expect(Object.keys(model.applications)).toEqual(['containerd', 'kata'])
  await expect(on.run(unrelate('kata', 'containerd'))).rejects.toMatchObject({ code: 'not-found' })

  const without = await on.run(remove('kata', { units: apart.units, charms }))
  expect(planned(without)).toEqual([])
  await on.run(remove('containerd', { units: without.units, charms }))
  expect((await on.stored()).model).toMatchObject({ applications: {}, relations: [], machines: {} })
  for (const { root } of on.nodes) expect(existsSync(join(root, 'var/lib/kcharm'))).toBe(false)
})

test('one unit can be removed, and its machine alone is visited; a subordinate’s unit cannot', async () => {
  const on = await testOperator(2)
  const { units } = await on.run(on.deploy(BOTH()))
  const before = on.nodes.map(({ stats }) => stats.connections)
  const after = await on.run(remove('containerd/1', { units, charms }))
  expect(statuses(after)).toEqual(['containerd/0 n1 active', 'kata/0 n1 active'])
  expect(on.nodes.map(({ stats }, i) => stats.connections - (before[i] ?? 0))).toEqual([0, 1])
  await expect(on.run(remove('kata/0', { units: after.units, charms }))).rejects.toMatchObject({
    code: 'usage',
    detail: { hint: expect.stringContaining('kcharm unrelate') as string },
  })
  await expect(on.run(remove('kata/1', { units: after.units, charms }))).rejects.toMatchObject({ code: 'not-found' })
  await expect(on.run(remove('kat', { units: after.units, charms }))).rejects.toThrow('did you mean "kata"?')
})

test('an option of config outlasts bundles; one that the bundle drops returns to its default', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const set = configure('containerd', { set: { restrict_oom_score_adj: 'true' }, reset: [] }, charms)
  expect(planned(await on.run(set)).filter((line) => line.includes('restart'))).toHaveLength(1)
  const again = await on.run(on.deploy(BOTH()))
  expect(planned(again)).toEqual([])
  expect(again.wanted.notes?.kept).toEqual([{ app: 'containerd', key: 'restrict_oom_score_adj', value: 'true' }])

  const dropped = await on.run(on.deploy(BOTH('options: {}')))
  expect(dropped.plans[0]?.units.find(({ app }) => app === 'kata')).toMatchObject({ status: 'blocked' })
  expect(worstOf(dropped)).toBe('unit-blocked')

  const reset = configure('containerd', { set: {}, reset: ['restrict_oom_score_adj'] }, charms)
  expect((await on.run(reset)).wanted.model.applications['containerd']?.setOptions).toEqual({})
  for (const bad of [
    configure('containerd', { set: { restrict_oom_score_adj: 'perhaps' }, reset: [] }, charms),
    configure('containerd', { set: {}, reset: ['restrict'] }, charms),
  ]) {
    await expect(on.run(bad)).rejects.toMatchObject({ code: 'invalid-option' })
  }
})

test('what vanished from the bundle stays until it is pruned', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const less = 'applications:\n  containerd: { charm: containerd }\n'
  const bare = { resources: {} }
  const kept = await on.run(on.deploy(less, bare))
  expect(planned(kept)).toEqual([])
  expect(kept.wanted.notes?.vanished.applications).toEqual(['kata'])
  const pruned = await on.run(on.deploy(less, { ...bare, prune: true }))
  expect(statuses(pruned)).toEqual(['containerd/0 n1 active'])
  expect(Object.keys((await on.stored()).model.applications)).toEqual(['containerd'])
})

test('resolve walks one unit’s life and leaves the others as they are', async () => {
  const on = await testOperator(2)
  const { units } = await on.run(on.deploy(BOTH()))
  for (const { root } of on.nodes) appendTo(join(root, CONFIG))
  const resolved = await on.run(resolveUnit('containerd/0', units))
  expect(resolved.plans.map(({ machine }) => machine)).toEqual(['n1'])
  expect(() => resolveUnit('containerd/7', units)).toThrow('there is no unit containerd/7')
})

test('a declined plan and a dry run change neither machine nor model', async () => {
  const on = await testOperator(1)
  const decline = async () => Promise.reject(new KcharmError('declined', 'no'))
  await expect(on.run(on.deploy(BOTH()), { approve: decline })).rejects.toMatchObject({ code: 'declined' })
  const dry = await on.run(on.deploy(BOTH()), { dryRun: true })
  expect(dry.carriedOut).toBe(false)
  expect(planned(dry).length).toBeGreaterThan(3)
  await expect(on.stored()).rejects.toThrow('nothing is stored')
  expect(existsSync(join(on.nodes[0]?.root ?? '', 'var/lib/kcharm'))).toBe(false)
})

test('nobody is asked when nothing is to be done', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const decline = async () => Promise.reject(new KcharmError('declined', 'no'))
  expect(planned(await on.run(on.deploy(BOTH()), { approve: decline }))).toEqual([])
})

function appendTo(file: string): void {
  appendFileSync(file, '# a hand\n')
}
