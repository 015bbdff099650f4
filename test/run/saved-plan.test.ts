import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { CONFIG } from '../../charms/containerd/observe.ts'
import { maskValue } from '../../lib/report/mask.ts'
import { worstOf } from '../../lib/run/outcome.ts'
import { applySaved, parseSavedPlan, savePlan, type SavedPlan, settleSaved } from '../../lib/run/saved-plan.ts'
import type { Verb } from '../../lib/run/verb.ts'
import { configure } from '../../lib/run/verbs/config.ts'
import { BOTH, planned, testOperator, type TestOperator } from './operator.ts'

const FILE = { file: 'a.plan', version: '1', model: 'test' }

/** Planned, written and read again. */
async function saved(on: TestOperator, verb: Verb): Promise<SavedPlan> {
  const before = await on.work().store.read('test')
  const outcome = await on.run(verb, { dryRun: true })
  const plan = savePlan(outcome, { title: verb.title, version: '1', before, mask: maskValue })
  return parseSavedPlan(JSON.stringify(plan), FILE)
}

const apply = (on: TestOperator, plan: SavedPlan) =>
  on.run(applySaved(plan, 'a.plan'), { settle: (fleet) => settleSaved(plan, fleet) })

const oom = configure('containerd', { set: { restrict_oom_score_adj: 'true' }, reset: [] }, charms)

test('what was saved is carried out, on fresh machines too', async () => {
  const on = await testOperator(1)
  const plan = await saved(on, on.deploy(BOTH()))
  const outcome = await apply(on, plan)
  expect(worstOf(outcome)).toBeUndefined()
  expect(planned(outcome)).toEqual(plan.machines[0]?.changes.map(({ unit, verb }) => `n1 ${unit} ${verb}`))
  expect(planned(await on.run(on.deploy(BOTH())))).toEqual([])
})

test('a machine that has changed since is named with what is different, and nothing is done anywhere', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(BOTH()))
  const plan = await saved(on, oom)
  appendFileSync(join(on.nodes[1]?.root ?? '', CONFIG), '# a hand\n')
  await expect(apply(on, plan)).rejects.toMatchObject({
    code: 'plan-stale',
    detail: { faults: [expect.stringMatching(/^n2: .*file:\/etc\/containerd\/config\.toml/)] },
  })
  expect(planned(await on.run(oom, { dryRun: true })).length).toBeGreaterThan(1)
})

test('a plan is for the declarations that it was made from', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const plan = await saved(on, oom)
  await on.run(configure('containerd', { set: { restrict_oom_score_adj: 'false' }, reset: [] }, charms))
  await expect(apply(on, plan)).rejects.toMatchObject({
    code: 'plan-stale',
    message: expect.stringContaining('what is declared in the model test has changed') as string,
  })
})

test('a change that is not in the plan is refused, although all that the plan had read is as it was', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const plan = await saved(on, oom)
  const less = { ...plan, machines: plan.machines.map((site) => ({ ...site, changes: site.changes.slice(1) })) }
  await expect(apply(on, less)).rejects.toMatchObject({
    code: 'plan-stale',
    detail: { faults: [expect.stringMatching(/^n1: containerd\/0: .*config\.toml is not in the plan$/)] },
  })
  await expect(apply(on, { ...plan, machines: [] })).rejects.toMatchObject({
    detail: { faults: ['n1: not in the plan'] },
  })
})

test('no plan is written where a machine could not be planned', async () => {
  const on = await testOperator(2)
  await on.nodes[1]?.close()
  await expect(saved(on, on.deploy(BOTH()))).rejects.toMatchObject({
    code: 'connection',
    message: 'no plan was written: n2 could not be planned',
  })
})

test('what is no plan, another model’s or another version’s is refused', async () => {
  const on = await testOperator(1)
  const text = JSON.stringify(await saved(on, on.deploy(BOTH())))
  expect(() => parseSavedPlan('{}', FILE)).toThrow('is not a plan that kcharm plan --out wrote')
  expect(() => parseSavedPlan('torn {', FILE)).toThrow('is not a plan')
  expect(() => parseSavedPlan(text, { ...FILE, model: 'other' })).toThrow('is for the model test, not for other')
  expect(() => parseSavedPlan(text, { ...FILE, version: '2' })).toThrow('was made by kcharm 1; this is 2')
})

test('a plan file holds no secret that was read of a machine', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const secret = '\n[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]\n  password = "geheimnis"\n'
  appendFileSync(join(on.nodes[0]?.root ?? '', CONFIG), secret)
  const plan = await saved(on, oom)
  expect(JSON.stringify(plan)).toContain('«secret ')
  expect(JSON.stringify(plan)).not.toContain('geheimnis')
})
