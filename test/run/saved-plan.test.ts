import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { CONFIG } from '../../charms/containerd/observe.ts'
import { maskValue } from '../../lib/report/mask.ts'
import { operate } from '../../lib/run/operate.ts'
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

const apply = (on: TestOperator, plan: SavedPlan, say: (line: string) => void = () => undefined) =>
  operate({ ...on.work(), say }, applySaved(plan, 'a.plan'), { settle: (fleet) => settleSaved(plan, fleet) })

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

describe('between plan and apply', () => {
  const ID = 'etc/machine-id'
  const HOSTNAME = 'proc/sys/kernel/hostname'

  async function planFor(id: string, hostname: string) {
    const on = await testOperator(1)
    const root = on.nodes[0]?.root ?? ''
    mkdirSync(join(root, 'proc/sys/kernel'), { recursive: true })
    const become = (file: string, text: string) => writeFileSync(join(root, file), `${text}\n`)
    become(ID, id)
    become(HOSTNAME, hostname)
    const plan = await saved(on, on.deploy(BOTH()))
    expect(JSON.stringify(plan)).not.toContain(id)
    return { on, plan, become }
  }

  test('another machine at the address is refused, although all else on it is the same', async () => {
    const { on, plan, become } = await planFor('0'.repeat(32), 'one')
    become(ID, '1'.repeat(32))
    const faults = ['n1: another machine answers: its machine-id is another one']
    await expect(apply(on, plan)).rejects.toMatchObject({ code: 'plan-stale', detail: { faults } })
    become(ID, '0'.repeat(32))
    expect(worstOf(await apply(on, plan))).toBeUndefined()
  })

  test('also when it comes in between the look and the lock', async () => {
    const { on, become } = await planFor('0'.repeat(32), 'one')
    const work = on.work()
    const open: typeof work.open = async (machine) => {
      const session = await work.open(machine)
      const lock: typeof session.lock = (holder) => (become(ID, '1'.repeat(32)), session.lock(holder))
      return {
        lock,
        run: session.run.bind(session),
        upload: session.upload.bind(session),
        close: () => session.close(),
      }
    }
    const { failed, units } = await operate({ ...work, open }, on.deploy(BOTH()))
    expect(failed.map(({ error }) => [error.code, error.message])).toEqual([
      ['plan-stale', 'n1 is another machine than the one that was planned for'],
    ])
    expect(units.map(({ status }) => status)).not.toContain('active')
  })

  test('another hostname alone is shown', async () => {
    const { on, plan, become } = await planFor('0'.repeat(32), 'one')
    become(HOSTNAME, 'two')
    const said: string[] = []
    expect(worstOf(await apply(on, plan, (line) => said.push(line)))).toBeUndefined()
    expect(said).toEqual(['n1: the same machine calls itself two now; it was one when the plan was made'])
  })

  test.each([
    ['behind', -86_400],
    ['ahead', 86_400],
  ])('a clock that has come to be a day %s is told, and is in nobody’s way', async (way, seconds) => {
    const { on, plan } = await planFor('0'.repeat(32), 'one')
    const date = `#!/bin/sh\n[ "$1" = +%s ] || exec /bin/date "$@"\necho $(($(/bin/date +%s) + ${seconds}))\n`
    writeFileSync(join(on.nodes[0]?.root ?? '', '../bin/date'), date, { mode: 0o755 })
    const said: string[] = []
    expect(worstOf(await apply(on, plan, (line) => said.push(line)))).toBeUndefined()
    expect(said).toEqual([`n1: its clock is 24 h ${way}: run an NTP client there`])
  })
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
