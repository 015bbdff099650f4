import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { renderLocks } from '../../lib/report/lock-text.ts'
import { breakLocks, readLocks } from '../../lib/run/locks.ts'
import type { NodeSession } from '../../lib/run/node-session.ts'
import { testOperator, type TestOperator } from './operator.ts'

const MINUTE = { deadlineMs: 60_000 }
const ANN = 'ann@laptop (kcharm deploy, process 7)'

async function holding(on: TestOperator, index = 0): Promise<NodeSession> {
  const machine = on.machines[index]
  if (!machine) throw new Error('no such machine')
  const session = await on.work().open(machine)
  onTestFinished(() => session.close())
  await session.lock(ANN)
  return session
}

const lockFile = (on: TestOperator, index = 0) => join(on.nodes[index]?.root ?? '', 'run/kcharm/lock')
const look = (on: TestOperator) => readLocks(on.work(), on.machines)

/** A step that goes on until it is told to end, and says so then. */
function longStep(on: TestOperator, session: NodeSession) {
  const folder = on.nodes[0]?.root ?? ''
  const said = session.run('cd "$R"; : >began; until [ -e go ]; do sleep 0.05; done; : >ended', MINUTE)
  return {
    said: said.then(
      () => 'answered',
      () => 'cut off',
    ),
    began: () => vi.waitFor(() => expect(existsSync(join(folder, 'began'))).toBe(true), { timeout: 10_000 }),
    end: () => writeFileSync(join(folder, 'go'), ''),
    hasEnded: () => existsSync(join(folder, 'ended')),
  }
}

test('who holds a machine, since when, and whether a step runs; a machine that is free, and one that does not answer', async () => {
  const on = await testOperator(3)
  const before = Date.now()
  const session = await holding(on)
  const step = longStep(on, session)
  await step.began()
  await on.nodes[2]?.close()
  const locks = await look(on)
  const [first, second, third] = locks.machines
  expect(first?.held).toMatchObject({ holder: ANN, session: expect.any(Number) as number })
  expect(first?.held?.step.length).toBeGreaterThan(0)
  expect(Math.abs(Date.parse(first?.held?.since ?? '') - before)).toBeLessThan(60_000)
  expect(second).toEqual({ machine: 'n2' })
  expect(third?.error).toMatchObject({ code: 'connection' })
  const text = renderLocks('test', locks)
  expect(text).toMatch(/^model test +free$/m)
  expect(text).toMatch(
    /^n1 +ann@laptop \(kcharm deploy, process 7\) +\d{4}-.* UTC +session \d+ there; a step runs \(process /m,
  )
  expect(text).toMatch(/^n2 +free$/m)
  expect(text).toMatch(/^n3 +connection +/m)
  step.end()
  await step.said
  expect((await look(on)).machines[0]?.held?.step).toEqual([])
})

test('a session between two steps is ended, its file goes, and the journal says who did it', async () => {
  const on = await testOperator(1)
  const session = await holding(on)
  const seen = await look(on)
  expect(await breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 0 })).toEqual([{ machine: 'n1' }])
  expect(existsSync(lockFile(on))).toBe(false)
  await expect(session.run('true', MINUTE)).rejects.toMatchObject({ name: 'ConnectionLost' })
  expect((await look(on)).machines).toEqual([{ machine: 'n1' }])
  expect(await on.work().store.journal('test').read()).toMatchObject([
    { t: 'begin', title: 'lock break n1', holder: 'the test' },
    { t: 'end', code: 'ok' },
  ])
})

test('a step that runs is not cut off: the break is refused, and done once the step has ended', async () => {
  const on = await testOperator(1)
  const session = await holding(on)
  const step = longStep(on, session)
  await step.began()
  const seen = await look(on)
  const [refused] = await breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 0 })
  expect(refused?.error).toMatchObject({
    code: 'locked',
    message: expect.stringMatching(/^n1: a step of ann@laptop .* still runs \(process [\d, ]+ there\)/) as string,
  })
  const broken = breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 30_000 })
  step.end()
  expect(await broken).toEqual([{ machine: 'n1' }])
  expect(step.hasEnded()).toBe(true)
  await step.said
  await expect(session.run('true', MINUTE)).rejects.toMatchObject({ name: 'ConnectionLost' })
})

test('a step that has outlived its session keeps the lock until it ends', async () => {
  const on = await testOperator(1)
  const session = await holding(on)
  const step = longStep(on, session)
  await step.began()
  const pid = (await look(on)).machines[0]?.held?.session ?? 0
  process.kill(pid, 'SIGKILL')
  expect(await step.said).toBe('cut off')
  const seen = await look(on)
  expect(seen.machines[0]?.held).toMatchObject({ holder: ANN })
  expect(renderLocks('test', seen)).toContain('its session has ended; a step runs (process ')
  const [refused] = await breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 0 })
  expect(refused?.error?.code).toBe('locked')
  step.end()
  expect(await breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 30_000 })).toEqual([{ machine: 'n1' }])
  expect(step.hasEnded()).toBe(true)
})

test('only the holder that was shown loses its lock: whoever came since keeps it', async () => {
  const on = await testOperator(1)
  const first = await holding(on)
  const seen = await look(on)
  await first.close()
  const second = await holding(on)
  expect(await breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 0 })).toEqual([{ machine: 'n1' }])
  expect((await second.run('echo alive', MINUTE)).stdout).toBe('alive\n')
})

test('the model’s lock: a process of this host is refused before a machine is touched, one of another host loses it', async () => {
  const on = await testOperator(1)
  const { store, name } = on.work()
  const own = await store.lock(name, 'me, elsewhere in this test')
  const session = await holding(on)
  const seen = await look(on)
  expect(seen.model).toMatchObject({
    holder: 'me, elsewhere in this test',
    here: true,
    pid: process.pid,
    host: hostname(),
  })
  await expect(breakLocks(on.work(), { seen, machines: on.machines, patienceMs: 0 })).rejects.toMatchObject({
    code: 'locked',
    detail: { hint: expect.stringContaining(`kill ${process.pid}`) as string },
  })
  expect((await session.run('echo alive', MINUTE)).stdout).toBe('alive\n')
  await own.release()

  const folder = store.where(name)
  mkdirSync(folder, { recursive: true })
  const claim = { pid: 4711, host: 'the-other-laptop', at: 1_700_000_000_000, holder: 'bob@the-other-laptop' }
  writeFileSync(join(folder, 'lock.4711-0123456789ab'), JSON.stringify(claim))
  const elsewhere = await look(on)
  expect(renderLocks('test', elsewhere)).toMatch(
    /^model test +bob@the-other-laptop +2023-11-14 22:13:20 UTC +process 4711 of the-other-laptop: whether it lives cannot be seen/m,
  )
  await expect(store.lock(name, 'me')).rejects.toMatchObject({
    detail: { hint: expect.stringContaining('kcharm lock break') as string },
  })
  await breakLocks(on.work(), { seen: elsewhere, machines: on.machines, patienceMs: 0 })
  expect(await store.holder(name)).toBeUndefined()
  await (await store.lock(name, 'me')).release()
})
