import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { processesOf } from './processes.ts'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { startOperator } from './start-operator.ts'

const patient = { timeout: 20_000, interval: 50 }

test('a session ends itself when its operator has fallen silent, and nothing of it stays', async () => {
  const { root, target } = await rootlessNode()
  const operator = await startOperator({ target, silenceSeconds: 2 })
  const bob = await session(target)
  await expect(bob.lock('bob')).rejects.toMatchObject({ message: `n1 is in use by operator ${operator.pid}` })
  operator.process.kill('SIGSTOP')
  await vi.waitUntil(() => !existsSync(join(root, 'run/kcharm')), patient)
  await bob.lock('bob')
  await bob.close()
  expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
  await vi.waitUntil(() => processesOf(root).length === 0, patient)
})

test('a step that runs is not ended, however long the silence; the session ends after it', async () => {
  const { root, target } = await rootlessNode()
  const script = 'echo step; until [ -e "$R/go" ]; do sleep 0.05; done; : >"$R/stepped"'
  const operator = await startOperator({ target, silenceSeconds: 1, script }, { until: 'step' })
  operator.process.kill('SIGSTOP')
  await sleep(3000)
  const bob = await session(target)
  await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked' })
  writeFileSync(join(root, 'go'), '')
  await vi.waitFor(() => bob.lock('bob'), patient)
  expect(existsSync(join(root, 'stepped'))).toBe(true)
})

test('an operator that only waits keeps its session', async () => {
  const { target } = await rootlessNode()
  const [ann, bob] = [await session(target, { silenceSeconds: 1 }), await session(target)]
  await ann.lock('ann')
  await sleep(3000)
  await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked' })
  expect((await ann.run('echo here')).stdout).toBe('here\n')
})

test('many steps leave no watchdog behind', async () => {
  const { root, target } = await rootlessNode()
  const node = await session(target)
  await node.lock('ann')
  for (let step = 0; step < 30; step++) await node.run(':')
  expect(processesOf(root).filter((command) => command.startsWith('sleep')).length).toBeLessThanOrEqual(2)
  await node.close()
  await vi.waitUntil(() => processesOf(root).length === 0, patient)
})
