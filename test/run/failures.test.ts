import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { type How, operate } from '../../lib/run/operate.ts'
import { refresh } from '../../lib/run/refresh.ts'
import { relate, unrelate } from '../../lib/run/verbs/relate.ts'
import { exitOf, type Outcome, worstOf } from '../../lib/run/outcome.ts'
import type { Workspace } from '../../lib/run/workspace.ts'
import { statusOfModel } from '../../lib/run/status.ts'
import { charms } from '../../charms/index.ts'
import { KcharmError, type Code } from '../../lib/errors/index.ts'
import { BOTH, planned, statuses, testOperator } from './operator.ts'

test('a machine that does not answer costs only its own units; a rerun mends it', async () => {
  const on = await testOperator(2)
  const [first, second] = on.machines
  if (!first || !second) throw new Error('two machines')
  const dark = { inventory: { file: '/i', machines: [first, { ...second, port: 1 }] } }
  const outcome = await on.run(on.deploy(BOTH(), dark))
  expect(statuses(outcome)).toEqual(['containerd/0 n1 active', 'kata/0 n1 active'])
  expect(worstOf(outcome)).toBe('connection')
  const status = statusOfModel(await on.stored(), charms)
  expect(status.machines['n2']).toMatchObject({ status: 'failed', message: expect.stringContaining('n2') as string })
  expect(status.applications['containerd']?.units['containerd/1']).toMatchObject({ machine: 'n2', status: 'error' })

  const mended = await on.run(on.deploy(BOTH()))
  expect(worstOf(mended)).toBeUndefined()
  expect(statuses(mended)).toHaveLength(4)
  expect(statusOfModel(await on.stored(), charms).machines['n2']).toMatchObject({ status: 'reached' })
})

test('units of a machine that has become silent keep their names and what was last seen', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(BOTH()))
  await on.nodes[0]?.close()
  const outcome = await on.run(on.deploy(BOTH()))
  expect(planned(outcome)).toEqual([])
  expect(statuses(outcome)).toHaveLength(4)
  const { stored, worst } = await refresh(on.work())
  expect(worst).toBe('connection')
  const { applications } = statusOfModel(stored, charms)
  expect(applications['kata']?.units['kata/0']?.message).toMatch(/^n1.*; Kata 3\.20\.0/)
})

test('a step that fails is its unit’s own error, with what the machine said; a rerun mends it', async () => {
  const on = await testOperator(2)
  const opt = join(on.nodes[0]?.root ?? '', 'opt')
  mkdirSync(join(opt, 'kata-3.20.0'), { recursive: true })
  writeFileSync(join(opt, 'kata-3.20.0', 'file'), 'somebody’s')
  const outcome = await on.run(on.deploy(BOTH()))
  expect(outcome.units.find(({ record }) => record.unit === 'kata/0')?.status).not.toBe('active')
  expect(statuses(outcome)).toContain('kata/1 n2 active')
  expect(worstOf(outcome)).toMatch(/^unit-/)
  rmSync(opt, { recursive: true })
  mkdirSync(opt)
  chmodSync(opt, 0o777)
  expect(worstOf(await on.run(on.deploy(BOTH())))).toBeUndefined()
})

test('who holds the package manager is waited for and named; then the unit gives up, whoever is stopped leaves, or it goes on', async () => {
  const on = await testOperator(1)
  const root = on.nodes[0]?.root ?? ''
  const lock = join(root, 'var/lib/dpkg/lock-frontend')
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
  mkdirSync(join(root, 'proc/4711'), { recursive: true })
  writeFileSync(lock, '')
  writeFileSync(join(root, 'proc/4711/cmdline'), 'unattended-upgrade\0--now')
  writeFileSync(join(root, 'proc/locks'), `1: POSIX  ADVISORY  WRITE 4711 00:1f:${statSync(lock).ino} 0 EOF\n`)
  const said: string[] = []
  const follow: Workspace['follow'] = (_machine, event) => {
    if (event.kind === 'progress') said.push(event.text)
  }
  const only = on.deploy('applications: { containerd: { charm: containerd, to: all } }', { resources: {} })
  const broken = await operate({ ...on.work(), follow, deadlines: { others: 0.1 } }, only, {})
  expect(broken.units[0]).toMatchObject({
    status: 'error',
    message: expect.stringMatching(
      /^install containerd .*: process 4711 \(unattended-upgrade --now ?\) has held the package manager for 0\.1 s$/,
    ) as string,
  })
  expect(said[0]).toMatch(
    /^waits for process 4711 \(unattended-upgrade --now ?\), which holds the package manager: 0 s of at most 0.1 s$/,
  )
  const stop = new AbortController()
  const leaves: Workspace['follow'] = (_machine, event) => {
    if (event.kind === 'progress' && event.text.startsWith('waits for process 4711')) stop.abort()
  }
  const left = await operate({ ...on.work(), follow: leaves }, only, { stop: () => stop.signal })
  expect(left.failed.map(({ error }) => [error.code, error.message])).toEqual([
    ['interrupted', 'stopped by the user before its next step'],
  ])
  setTimeout(() => rmSync(join(root, 'proc/locks')), 1000)
  expect(worstOf(await operate({ ...on.work(), follow }, only, {}))).toBeUndefined()
})

test('a machine on which somebody is at work is not planned for: it is at rest when nobody holds it', async () => {
  const on = await testOperator(1)
  const [machine] = on.machines
  if (!machine) throw new Error('one machine')
  const other = await machineOpener({ say: () => undefined })(machine)
  onTestFinished(() => other.close())
  await other.lock('ann@laptop, kcharm deploy')
  const outcome = await on.run(on.deploy(BOTH()))
  expect(outcome.failed).toMatchObject([
    { error: { code: 'locked', message: 'n1 is in use by ann@laptop, kcharm deploy' } },
  ])
  expect(planned(outcome)).toEqual([])
  expect(planned(await on.run(on.deploy(BOTH()), { dryRun: true }))).not.toEqual([])
  await other.close()
  expect(worstOf(await on.run(on.deploy(BOTH())))).toBeUndefined()
})

test('a connection that is lost in the middle is no fault of kcharm, and the rerun is the way on', async () => {
  const on = await testOperator(1)
  const work = on.work()
  const open: typeof work.open = async (machine) => {
    const session = await work.open(machine)
    const run: typeof session.run = (script, options) => {
      if (script.includes('kc_unpack')) on.nodes[0]?.cut()
      return session.run(script, options)
    }
    return { ...session, run, lock: (holder) => session.lock(holder), close: () => session.close() }
  }
  const outcome = await operate({ ...work, open }, on.deploy(BOTH()))
  expect(outcome.failed).toMatchObject([
    { error: { code: 'connection', message: /^n1: connection lost/, detail: { hint: /^run the same command again/ } } },
  ])
  expect(exitOf(worstOf(outcome))).toBe(9)
})

describe('a service that is masked', () => {
  const RUN = 'run/systemd/system/containerd.service'
  test.each([
    ['because an installation of kcharm was cut off is started', true],
    ['by somebody is left so, and said', false],
  ])('%s', async (_what, ours) => {
    const on = await testOperator(1)
    await on.run(on.deploy(BOTH()))
    const root = on.nodes[0]?.root ?? ''
    rmSync(join(root, 'run/systemd/stand-in/containerd'))
    mkdirSync(join(root, 'run/systemd/system'), { recursive: true })
    symlinkSync('/dev/null', join(root, RUN))
    if (ours) mkdirSync(join(root, 'run/kcharm/still'), { recursive: true })
    if (ours) writeFileSync(join(root, 'run/kcharm/still/containerd'), '')
    if (ours) chmodSync(join(root, 'run/kcharm/still'), 0o777)
    const outcome = await on.run(on.deploy(BOTH()))
    expect(worstOf(outcome)).toBe(ours ? undefined : 'unit-failed')
    expect(existsSync(join(root, RUN))).toBe(!ours)
    expect(existsSync(join(root, 'run/kcharm/still'))).toBe(false)
    const fault = outcome.units.find(({ record }) => record.unit === 'containerd/0')?.message
    if (!ours) expect(fault).toBe('containerd.service is masked')
  })
})

describe('a unit whose related unit fails on the way', () => {
  const bundle = (oom: boolean, kata: string) => `
applications:
  containerd: { charm: containerd, to: all, options: { restrict_oom_score_adj: '${oom}' } }
${kata}`
  const KATA = '  kata: { charm: kata, options: { preflight: warn } }\nrelations:\n  - [kata, containerd]\n'

  /** containerd is there; its next edit has a wish of its own beside Kata's handler, and Kata cannot be sent. */
  async function fails(how: How) {
    const on = await testOperator(1)
    await on.run(on.deploy(bundle(false, ''), { resources: {} }))
    const provideBlob = () => Promise.reject(new KcharmError('unit-failed', 'the disk is full'))
    const outcome = await operate({ ...on.work(), provideBlob }, on.deploy(bundle(true, KATA)), how)
    const config = readFileSync(join(on.nodes[0]?.root ?? '', 'etc/containerd/config.toml'), 'utf8')
    expect(worstOf(outcome)).toBe('unit-failed')
    expect(worstOf(await on.run(on.deploy(bundle(true, KATA))))).toBeUndefined()
    return { seen: statuses(outcome), restricts: config.includes('restrict_oom_score_adj = true') }
  }

  test('makes do without what that one would have brought', async () => {
    const active = ['containerd/0 n1 active', 'kata/0 n1 error']
    expect(await fails({})).toEqual({ seen: active, restricts: true })
  })

  test('does not, when the plan was saved: nothing but its very values', async () => {
    const refused = ['containerd/0 n1 error', 'kata/0 n1 error']
    expect(await fails({ settle: () => [] })).toEqual({ seen: refused, restricts: false })
  })
})

test('two operations on one model at a time: the second is refused', async () => {
  const on = await testOperator(1)
  const lock = await on.work().store.lock('test', 'somebody else')
  await expect(on.run(on.deploy(BOTH()))).rejects.toMatchObject({ code: 'locked' })
  await lock.release()
})

test('the journal has the operation, its hooks in Juju’s order, and its end', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  const entries = await on.work().store.journal('test').read()
  expect(entries[0]).toMatchObject({ t: 'begin', title: 'deploy bundle test.yaml', holder: 'the test' })
  expect(entries.at(-1)).toMatchObject({ t: 'end', code: 'ok' })
  const hooks = entries.flatMap((entry) => {
    return entry.t === 'event' && entry.event.kind === 'hook' && entry.event.unit === 'containerd/0'
      ? [entry.event.hook]
      : []
  })
  expect(hooks).toEqual([
    'install',
    'handlers-relation-created',
    'config-changed',
    'start',
    'handlers-relation-joined',
    'handlers-relation-changed',
  ])
})

test('a unit that comes back after its relation had ended lives anew', async () => {
  const on = await testOperator(1)
  await on.run(on.deploy(BOTH()))
  await on.run(unrelate('kata', 'containerd'))
  const before = (await on.work().store.journal('test').read()).length
  await on.run(relate('kata', 'containerd', charms))
  const entries = (await on.work().store.journal('test').read()).slice(before)
  const hooks = entries.flatMap((entry) => {
    return entry.t === 'event' && entry.event.kind === 'hook' && entry.event.unit === 'kata/0' ? [entry.event.hook] : []
  })
  expect(hooks.slice(0, 2)).toEqual(['install', 'runtime-relation-created'])
})

describe('of several failures the worst decides the exit status', () => {
  const outcome = (codes: Code[], status: string): Outcome => ({
    wanted: { model: { name: 'm', id: 'i', applications: {}, relations: [], machines: {} } },
    plans: [
      {
        machine: 'n1',
        changes: [],
        units: [{ unit: 'a/0', app: 'a', state: 's', status }],
        notes: [],
        records: 0,
        reads: {},
        later: [],
      },
    ],
    failed: codes.map((code) => ({ machine: 'n2', error: new KcharmError(code, 'x') })),
    units: [],
    carriedOut: false,
  })

  test.each<[Code[], string, number]>([
    [[], 'active', 0],
    [[], 'waiting', 0],
    [[], 'error', 7],
    [[], 'blocked', 8],
    [['connection'], 'error', 9],
    [['connection', 'host-key'], 'blocked', 10],
    [['auth', 'connection'], 'active', 11],
    [['plan-stale', 'locked'], 'active', 12],
    [['host-key', 'foreign-model'], 'active', 13],
    [['foreign-model', 'internal'], 'active', 1],
  ])('%j and %s: %i', (codes, status, exit) => {
    expect(exitOf(worstOf(outcome(codes, status)))).toBe(exit)
  })
})
