import { writeFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { layWire } from '../e2e/support/wire.ts'
import { rootlessNode, type TestNode } from '../ssh/rootless-node.ts'
import { session } from '../ssh/sessions.ts'
import { startOperator } from '../ssh/start-operator.ts'

const SILENCE = 3
const patient = { timeout: 30_000, interval: 100 }

/** An operator behind a line that then swallows everything, killed: the node never hears that it has gone. */
async function vanished({ root, target }: TestNode, script?: string) {
  const wire = await layWire(target.port)
  onTestFinished(() => wire.close())
  const knownHosts = join(root, '../known_hosts.wire')
  writeFileSync(knownHosts, readFileSync(target.knownHosts, 'utf8').replace(`:${target.port}`, `:${wire.port}`))
  const errand = { target: { ...target, port: wire.port, knownHosts }, silenceSeconds: SILENCE }
  const operator = await startOperator({ ...errand, ...(script ? { script } : {}) }, script ? { until: 'step' } : {})
  wire.freeze()
  operator.process.kill('SIGKILL')
  return { name: `n1 is in use by operator ${operator.pid}` }
}

test('an operator that vanishes between steps: whom the next waits for is said, and the lock frees itself', async () => {
  const node = await rootlessNode()
  const { name } = await vanished(node)
  const next = await session(node.target)
  await expect(next.lock('next')).rejects.toMatchObject({ code: 'locked', message: name })
  await vi.waitFor(() => next.lock('next'), patient)
})

test('in the middle of a step: the step comes to its end, and only then the lock is free', async () => {
  const node = await rootlessNode()
  const script = 'echo step; until [ -e "$R/go" ]; do sleep 0.05; done; : >"$R/stepped"'
  const { name } = await vanished(node, script)
  await sleep((SILENCE + 1) * 1000)
  const next = await session(node.target)
  await expect(next.lock('next')).rejects.toMatchObject({ code: 'locked', message: name })
  writeFileSync(join(node.root, 'go'), '')
  await vi.waitFor(() => next.lock('next'), patient)
  expect(existsSync(join(node.root, 'stepped'))).toBe(true)
})
