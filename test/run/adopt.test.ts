import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { adopt } from '../../lib/run/adopt.ts'
import { adoptModel } from '../../lib/run/verbs/adopt.ts'
import { configure } from '../../lib/run/verbs/config.ts'
import { deployCharm } from '../../lib/run/verbs/deploy-charm.ts'
import { relate } from '../../lib/run/verbs/relate.ts'
import { remove } from '../../lib/run/verbs/remove.ts'
import { resume } from '../../lib/run/verbs/resume.ts'
import { BOTH, planned, statuses, testOperator, type TestOperator } from './operator.ts'

const ONE = 'applications:\n  containerd: { charm: containerd, to: all }\n'
const inventory = (on: TestOperator) => ({ file: '/inventory.yaml', machines: on.machines })

test('a model whose record is lost comes back with what verbs had set; verbs go on as before, nothing changes', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(ONE, { resources: {} }))
  const { kata } = charms
  if (!kata) throw new Error('kata comes with kcharm')
  await on.run(deployCharm(kata, { ...on.terms({ options: { kata: { preflight: 'warn' } } }), to: [] }, charms))
  await on.run(relate('kata', 'containerd', charms))
  await on.run(configure('containerd', { set: { restrict_oom_score_adj: 'true' }, reset: [] }, charms))
  const known = await on.stored()

  const lost = { state: 'another laptop' }
  const verb = adoptModel({ bundle: on.deploy(BOTH()), inventory: inventory(on) })
  const { stored, failed } = await adopt(on.work('another laptop'), verb)
  expect(failed).toEqual([])
  expect(stored.model).toEqual(known.model)
  expect(statuses(stored)).toEqual(statuses(known))
  expect(planned(await on.run(resume, lost))).toEqual([])

  const reset = configure('containerd', { set: {}, reset: ['restrict_oom_score_adj'] }, charms)
  expect((await on.run(reset, lost)).wanted.model.applications['containerd']?.setOptions).toEqual({})
  await expect(on.run(relate('kata', 'containerd', charms), lost)).rejects.toMatchObject({ code: 'relation' })
  await on.run(remove('kata', { units: stored.units, charms }), lost)
  expect(statuses(await on.stored('another laptop'))).toEqual(['containerd/0 n1 active', 'containerd/1 n2 active'])
})

test('the inventory alone is enough; what only the bundle has is not declared by it', async () => {
  const on = await testOperator(2)
  const [first] = on.machines
  await on.run(on.deploy(ONE, { resources: {}, inventory: { file: '/i', machines: first ? [first] : [] } }))
  const { model } = await on.stored()
  const bare = await adopt(on.work('bare'), adoptModel({ inventory: inventory(on) }))
  expect(bare.stored.model).toEqual(model)
  const more = adoptModel({ bundle: on.deploy(BOTH()), inventory: inventory(on) })
  const { stored } = await adopt(on.work('more'), more)
  expect(Object.keys(stored.model.applications)).toEqual(['containerd'])
  expect(stored.model.applications['containerd']?.machines).toEqual(['n1'])
})

test('refused: a record that is there, a machine that cannot be read or is in use, and machines that have nothing of it', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(BOTH()))
  const verb = adoptModel({ inventory: inventory(on) })
  await expect(adopt(on.work(), verb)).rejects.toMatchObject({
    code: 'usage',
    message: 'there is a record of the model test already',
  })
  await expect(adopt(on.work('x', 'other'), verb)).rejects.toMatchObject({
    code: 'not-found',
    detail: { faults: ['n1 belongs to the model test', 'n2 belongs to the model test'] },
  })
  const [machine] = on.machines
  if (!machine) throw new Error('two machines')
  const session = await on.work().open(machine)
  await session.lock('ann@laptop')
  await expect(adopt(on.work('x'), verb)).rejects.toMatchObject({
    code: 'locked',
    message: 'n1 is in use by ann@laptop',
  })
  await session.close()
  await on.nodes[1]?.close()
  await expect(adopt(on.work('x'), verb)).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringMatching(/^nothing was adopted: n2/) as string,
  })
  await expect(on.stored('x')).rejects.toThrow('nothing is stored')
})
