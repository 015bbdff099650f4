import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { charms } from '../../charms/index.ts'
import { KcharmError } from '../../lib/errors/index.ts'
import { LOCK, MANIFEST, path, quote } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'
import { action, type ActionAnswer } from '../../lib/lifecycle/action.ts'
import type { Charm } from '../../lib/lifecycle/charm.ts'
import { actionsJson, renderActions } from '../../lib/report/action-text.ts'
import { runPreflight } from '../../lib/run/preflight.ts'
import { runAction } from '../../lib/run/run-action.ts'
import type { Workspace } from '../../lib/run/workspace.ts'
import { type TestOperator, testOperator } from './operator.ts'

const CONTAINERD = `applications: { containerd: { charm: containerd, to: all } }`
const ONLY = { resources: {} }

const mood: Reading<string> = {
  key: 'mood',
  lasting: 'effect',
  script: `cat ${path('/etc/mood')}`,
  parse: (frame) => frame,
}

/** containerd's charm with things to ask of it. */
function asking(script = 'echo yes'): Record<string, Charm> {
  const { containerd } = charms
  if (!containerd) throw new Error('containerd comes with kcharm')
  const answer = (key: string, body: string): Reading<ActionAnswer> => ({
    key,
    lasting: 'effect',
    script: body,
    parse: (frame) => ({ ok: frame.startsWith('yes'), result: { said: frame }, says: `it says ${frame}` }),
  })
  const actions = {
    say: action({
      description: 'Says something.',
      params: z.strictObject({ word: z.string().default('yes').describe('What it says.') }),
      ask: (_context, { word }) => answer('say', `printf %s ${quote(word)}`),
    }),
    mood: action({
      description: 'Says the mood of the machine.',
      params: z.strictObject({}),
      ask: (context) => answer('feels', `printf 'yes %s' ${quote(context.view.read(mood))}`),
    }),
    preflight: action({ description: 'Is it fit?', params: z.strictObject({}), ask: () => answer('fit', script) }),
    make: action({
      description: 'Makes something.',
      params: z.strictObject({}),
      makes: true,
      ask: () => answer('make', script),
    }),
    never: action({
      description: 'Cannot be asked.',
      params: z.strictObject({}),
      ask: () => {
        throw new KcharmError('unit-blocked', 'nothing is there to ask', { hint: 'deploy first' })
      },
    }),
  }
  return { containerd: { ...containerd, actions } }
}

function workOf(on: TestOperator, script?: string): Workspace {
  return { ...on.work(), charms: asking(script) }
}

test('units of several machines answer at once; what an action must know is read first', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(CONTAINERD, ONLY))
  on.nodes.forEach(({ root }, i) => writeFileSync(join(root, 'etc/mood'), `good ${i + 1}`))
  const units = ['containerd/0', 'containerd/1']
  const runs = await runAction(workOf(on), { units, action: 'mood', params: {} })
  expect(runs.map(({ unit, machine, answer }) => [unit, machine, answer?.result])).toEqual([
    ['containerd/0', 'n1', { said: 'yes good 1' }],
    ['containerd/1', 'n2', { said: 'yes good 2' }],
  ])
})

test('parameters are checked before any connection, and are data on the machine', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(CONTAINERD, ONLY))
  const connections = on.nodes[0]?.stats.connections
  const ask = (params: Record<string, string>, action = 'say', units = ['containerd/0']) =>
    runAction(workOf(on), { units, action, params })
  await expect(ask({ wrod: 'x' })).rejects.toMatchObject({ code: 'invalid-option' })
  await expect(ask({}, 'sya')).rejects.toMatchObject({
    code: 'not-found',
    detail: { hint: expect.stringContaining('say') },
  })
  await expect(ask({}, 'say', ['containerd/7'])).rejects.toMatchObject({ code: 'not-found' })
  expect(on.nodes[0]?.stats.connections).toBe(connections)
  const hostile = `no'; touch /tmp/owned; $(id) \u001b[31m`
  const [run] = await ask({ word: hostile })
  expect(run?.answer).toMatchObject({ ok: false, result: { said: hostile } })
  const text = renderActions([run].flatMap((each) => each ?? []))
  expect(text).toContain('containerd/0 on n1: it says no')
  expect(text).not.toContain('\u001b')
})

test('a unit that cannot be asked costs itself only', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(CONTAINERD, ONLY))
  const [first] = await runAction(workOf(on), { units: ['containerd/0'], action: 'never', params: {} })
  expect(first?.error).toMatchObject({ code: 'unit-blocked', message: 'nothing is there to ask' })
  await on.nodes[0]?.close()
  const runs = await runAction(workOf(on), { units: ['containerd/0', 'containerd/1'], action: 'say', params: {} })
  expect(runs[0]?.error).toMatchObject({ code: 'connection' })
  expect(runs[1]?.answer).toMatchObject({ ok: true })
  expect(actionsJson(runs)).toMatchObject({ units: [{ ok: false, error: { code: 'connection' } }, { ok: true }] })
})

test('an action that makes something holds the machine’s lock; the others do not', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(CONTAINERD, ONLY))
  const manifest = join(on.nodes[0]?.root ?? '', MANIFEST)
  const before = readFileSync(manifest, 'utf8')
  const work = workOf(on, `cat ${path(LOCK)} || echo free`)
  const made = await runAction(work, { units: ['containerd/0'], action: 'make', params: {} })
  expect(JSON.stringify(made[0]?.answer)).toContain('the test')
  const asked = await runAction(work, { units: ['containerd/0'], action: 'preflight', params: {} })
  expect(asked[0]?.answer?.result).toEqual({ said: 'free' })
  expect(readFileSync(manifest, 'utf8')).toBe(before)
})

test('preflight asks units, else machines that have none yet, and changes nothing there', async () => {
  const on = await testOperator(2)
  const work = workOf(on, 'echo no KVM')
  const wish = { units: [], machines: [], inventory: on.machines }
  await expect(runPreflight(work, { ...wish, inventory: [] })).rejects.toMatchObject({ code: 'usage' })
  await expect(runPreflight(work, { ...wish, machines: ['n3'] })).rejects.toMatchObject({ code: 'not-found' })
  const before = await runPreflight(work, wish)
  expect(before.map(({ unit, machine, answer }) => [unit, machine, answer?.ok])).toEqual([
    ['containerd', 'n1', false],
    ['containerd', 'n2', false],
  ])
  for (const { root } of on.nodes) expect(existsSync(join(root, 'var/lib/kcharm'))).toBe(false)
  await on.run(on.deploy(`applications: { containerd: { charm: containerd, to: [n1] } }`, ONLY))
  const units = await runPreflight(work, wish)
  expect(units.map(({ unit, machine }) => [unit, machine])).toEqual([['containerd/0', 'n1']])
  const both = await runPreflight(work, { ...wish, machines: ['n1', 'n2'] })
  expect(both.map(({ unit, machine }) => [unit, machine])).toEqual([
    ['containerd/0', 'n1'],
    ['containerd', 'n2'],
  ])
})
