import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { readUnit } from '../../lib/run/read-unit.ts'
import { refresh } from '../../lib/run/refresh.ts'
import { configure } from '../../lib/run/verbs/config.ts'
import { unrelate } from '../../lib/run/verbs/relate.ts'
import { remove } from '../../lib/run/verbs/remove.ts'
import { BOTH, planned, statuses, testOperator } from './operator.ts'

test('a deploy without any record finds the model on its machines: no changes, and the declarations are back', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(BOTH()))
  await on.run(configure('containerd', { set: { restrict_oom_score_adj: 'true' }, reset: [] }, charms))
  const known = await on.stored()

  const elsewhere = { state: 'another laptop' }
  const found = await on.run(on.deploy(BOTH()), elsewhere)
  expect(planned(found)).toEqual([])
  const restored = await on.stored('another laptop')
  expect(restored.model).toEqual(known.model)
  expect(restored.bundle).toEqual(known.bundle)
  expect(statuses({ units: restored.units })).toEqual(statuses({ units: known.units }))

  const apart = await on.run(unrelate('kata', 'containerd'), elsewhere)
  expect(statuses(apart)).toEqual(['containerd/0 n1 active', 'containerd/1 n2 active'])
})

test('what a verb made is found as well, although no bundle names it', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const only = 'applications:\n  containerd: { charm: containerd }\n'
  const found = await on.run(on.deploy(only, { resources: {} }), { state: 'new' })
  expect(planned(found)).toEqual([])
  expect(statuses(found)).toEqual(['containerd/0 n1 active', 'kata/0 n1 active'])
  const { model } = await on.stored('new')
  expect(model.applications['kata']).toMatchObject({ charm: 'kata', life: 'present' })
  expect(model.relations).toHaveLength(1)
})

test('what was removed before the record was lost stays removed', async () => {
  const on = await testOperator(1)
  const { units } = await on.run(on.deploy(BOTH()))
  await on.run(remove('kata', { units, charms }))
  const only = 'applications:\n  containerd: { charm: containerd }\n'
  const found = await on.run(on.deploy(only, { resources: {} }), { state: 'new' })
  expect(planned(found)).toEqual([])
  expect(Object.keys((await on.stored('new')).model.applications)).toEqual(['containerd'])
})

test('verbs that need the model say which command restores it', async () => {
  const on = await testOperator(1)
  const { units } = await on.run(on.deploy(BOTH()))
  const lost = on.work('lost')
  const verbs = [
    () => on.run(unrelate('kata', 'containerd'), { state: 'lost' }),
    () => on.run(remove('kata', { units, charms }), { state: 'lost' }),
    () => on.run(configure('kata', { set: {}, reset: ['preflight'] }, charms), { state: 'lost' }),
    () => readUnit(lost, 'kata/0'),
    () => refresh(lost),
  ]
  for (const verb of verbs) {
    await expect(verb()).rejects.toMatchObject({
      code: 'no-model',
      detail: { hint: expect.stringContaining('kcharm deploy bundle BUNDLE --inventory FILE --model test') as string },
    })
  }
})

test('a machine of another model is refused by name, and the others finish', async () => {
  const on = await testOperator(2)
  const [first] = on.machines
  const one = { inventory: { file: '/i', machines: first ? [first] : [] } }
  await on.run(on.deploy(BOTH(), one))
  const { operate } = await import('../../lib/run/operate.ts')
  const outcome = await operate(on.work('other', 'other'), on.deploy(BOTH()))
  expect(outcome.failed.map(({ machine, error }) => [machine, error.code, error.message])).toEqual([
    ['n1', 'foreign-model', 'n1 belongs to the model test'],
  ])
  expect(statuses(outcome)).toEqual(expect.arrayContaining([expect.stringMatching(/^containerd\/\d n2 active$/)]))
})

test('show-unit reads databags, state and holdings from the machine', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const report = await readUnit(on.work(), 'kata/0')
  expect(report).toMatchObject({ machine: 'n1', state: 'active', version: '3.20.0', unfinished: false })
  expect(report.relations[0]).toMatchObject({
    endpoint: 'runtime',
    peer: 'containerd/0',
    bag: { runtime: 'containerd' },
  })
  expect(report.holdings.map(({ key }) => key)).toEqual(
    expect.arrayContaining(['tree:/opt/kata-3.20.0', 'link:/opt/kata']),
  )
  await expect(readUnit(on.work(), 'kata/5')).rejects.toMatchObject({ code: 'not-found' })
})
