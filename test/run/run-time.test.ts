import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { operate } from '../../lib/run/operate.ts'
import { worstOf } from '../../lib/run/outcome.ts'
import { ENDLESS, type RunTime, runTime } from '../../lib/run/run-time.ts'
import { BOTH, testOperator, type TestOperator } from './operator.ts'

test('a wait may be as long as it likes, and no longer than the command has left', async () => {
  const time = runTime(1.2)
  expect([ENDLESS.within(300), time.within(300), time.within(0.5)]).toEqual([300, 2, 0.5])
  await sleep(300)
  expect([time.within(300), time.over?.aborted]).toEqual([1, false])
  await sleep(1000)
  expect([time.within(300), time.over?.aborted]).toEqual([1, true])
  expect(String(time.over?.reason)).toContain('the 1.2 s that this command had were over')
})

async function machineOf(on: TestOperator, time: RunTime) {
  const [machine] = on.machines
  if (machine === undefined) throw new Error('one machine was asked for')
  return await machineOpener({ say: () => undefined, time })(machine)
}

test('a look is given up when the time is over; under the machine’s lock a step has its own', async () => {
  const on = await testOperator(1)
  const session = await machineOf(on, { within: (seconds) => Math.min(seconds, 2) })
  await expect(session.run('sleep 60', { deadlineMs: 60_000 })).rejects.toThrow('not done after 2 s')
  await session.lock('the test')
  expect(await session.run('sleep 3; echo done', { deadlineMs: 60_000 })).toMatchObject({ stdout: 'done\n' })
  await session.close()
})

test('no step begins after it: what had begun is finished, and the next run goes on', async () => {
  const on = await testOperator(1)
  const over = new AbortController()
  const reason = await reasonOf(runTime(0.01))
  const follow = () => over.abort(reason)
  const time = { ...ENDLESS, over: over.signal }
  const cut = await operate({ ...on.work(), follow, time }, on.deploy(BOTH()))
  expect(cut.failed.map(({ error }) => [error.code, error.message])).toEqual([
    ['interrupted', 'the 0.01 s that this command had were over before its next step'],
  ])
  expect(worstOf(cut)).toBe('interrupted')
  expect(worstOf(await on.run(on.deploy(BOTH())))).toBeUndefined()
})

async function reasonOf({ over }: RunTime): Promise<unknown> {
  while (over?.aborted === false) await sleep(5)
  return over?.reason
}
