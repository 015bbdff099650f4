import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { startOperator } from './start-operator.ts'
import { workspace } from './workspace.ts'

const patient = { timeout: 20_000, interval: 50 }

/** The pid of a session's own shell. */
async function shellOf(node: { run(script: string): Promise<{ stdout: string }> }): Promise<number> {
  return Number((await node.run('echo $$')).stdout)
}

test('the lock is held by one session; a second is refused with the name of the holder', async () => {
  const { root, target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  expect(existsSync(join(root, 'run'))).toBe(false)
  await ann.lock('ann@laptop, deploy 17')
  const refusal = { code: 'locked', message: 'n1 is in use by ann@laptop, deploy 17', detail: { machine: 'n1' } }
  await expect(bob.lock('bob')).rejects.toMatchObject(refusal)
  await expect(bob.lock('bob')).rejects.toMatchObject(refusal)
  expect((await bob.run('echo "bob may read"')).stdout).toBe('bob may read\n')
  await ann.close()
  expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
  await bob.lock('bob')
  expect(readFileSync(join(root, 'run/kcharm/lock'), 'utf8')).toMatch(/^bob\n\d+\n$/)
})

test('who holds the lock can be asked without taking it, and nobody is named when nobody does', async () => {
  const { root, target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  const asked = async () => (await bob.run('kcharm_holder')).stdout
  expect(await asked()).toBe('')
  await ann.lock('ann@laptop')
  expect(await asked()).toBe('ann@laptop\n')
  await ann.close()
  expect(await asked()).toBe('')
  mkdirSync(join(root, 'run/kcharm'), { recursive: true })
  writeFileSync(join(root, 'run/kcharm/lock'), 'somebody whose session was killed\n')
  expect(await asked()).toBe('')
})

test('who holds the lock may ask for it again', async () => {
  const { root, target } = await rootlessNode()
  const ann = await session(target)
  await ann.lock('ann')
  await ann.lock('ann')
  await expect((await session(target)).lock('bob')).rejects.toMatchObject({ code: 'locked' })
  await ann.close()
  expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
})

test('steps do not let go of the lock, whatever they do', async () => {
  const { target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  await ann.lock('ann')
  for (const script of ['exit 1', 'exec 9>&-', 'trap "" EXIT; if', 'exec true']) await ann.run(script)
  await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked' })
})

test('a session that ends without a word is no obstacle: its file stays, the lock is free', async () => {
  const { root, target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  await ann.lock('ann')
  process.kill(await shellOf(ann), 'SIGKILL')
  await vi.waitFor(() => bob.lock('bob'), patient)
  expect(readFileSync(join(root, 'run/kcharm/lock'), 'utf8')).toMatch(/^bob\n\d+\n$/)
  await bob.close()
  expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
})

test('the lock lasts as long as the step, also when the session has been killed', async () => {
  const { folder, target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  await ann.lock('ann')
  const step = ann.run(`kill -9 $$; until [ -e ${folder}/go ]; do sleep 0.05; done`)
  await expect(step).rejects.toThrow('connection lost')
  await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked', message: 'n1 is in use by ann' })
  writeFileSync(join(folder, 'go'), '')
  await vi.waitFor(() => bob.lock('bob'), patient)
})

test('what a session leaves behind keeps the lock when that session closes', async () => {
  const { folder, root, target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  await ann.lock('ann')
  await ann.run(`(until [ -e ${folder}/go ]; do sleep 0.05; done) >/dev/null 2>&1 &`)
  await ann.close()
  await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked', message: 'n1 is in use by ann' })
  writeFileSync(join(folder, 'go'), '')
  await vi.waitFor(() => bob.lock('bob'), patient)
  await bob.close()
  expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
})

test('a daemon that was started without the descriptor does not keep the lock', async () => {
  const { target } = await rootlessNode()
  const [ann, bob] = [await session(target), await session(target)]
  await ann.lock('ann')
  const { stdout } = await ann.run('sleep 60 >/dev/null 2>&1 9>&- & echo $!')
  onTestFinished(() => void process.kill(Number(stdout), 'SIGKILL'))
  await ann.close()
  await bob.lock('bob')
})

test('an operator that is killed with -9 in the middle of a step: the step ends, then the lock is free', async () => {
  const { root, target } = await rootlessNode()
  const script = 'echo step; until [ -e "$R/go" ]; do sleep 0.05; done; : >"$R/stepped"'
  const operator = await startOperator({ target, silenceSeconds: 60, script }, { until: 'step' })
  operator.process.kill('SIGKILL')
  await once(operator.process, 'exit')
  const bob = await session(target)
  await expect(bob.lock('bob')).rejects.toMatchObject({ message: `n1 is in use by operator ${operator.pid}` })
  writeFileSync(join(root, 'go'), '')
  await vi.waitFor(() => expect(existsSync(join(root, 'run/kcharm'))).toBe(false), patient)
  expect(existsSync(join(root, 'stepped'))).toBe(true)
  await bob.lock('bob')
})

test('many sessions that take and let go of the lock never hold it together', async () => {
  const { root, target } = await rootlessNode()
  await (await session(target)).run('echo 0 >"$R/counter"')
  const worker = async (): Promise<void> => {
    for (let round = 0; round < 5; round++) {
      const node = await session(target)
      await vi.waitFor(() => node.lock('worker'), { timeout: 60_000, interval: 5 })
      await node.run('read -r n <"$R/counter"; sleep 0.01; echo $((n + 1)) >"$R/counter"')
      await node.close()
    }
  }
  await Promise.all(Array.from({ length: 6 }, worker))
  expect(readFileSync(join(root, 'counter'), 'utf8')).toBe('30\n')
  expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
})

test('a machine that cannot be locked says why', async () => {
  const { root, target } = await rootlessNode()
  writeFileSync(join(root, 'run'), 'a file')
  await expect((await session(target)).lock('ann')).rejects.toMatchObject({
    code: 'unit-failed',
    message: expect.stringMatching(/^n1: cannot take the lock: .*\/run/) as string,
  })
})

test('a machine without flock says what to install', async () => {
  const bin = workspace()
  for (const tool of ['sh', 'mkdir']) symlinkSync(`/bin/${tool}`, join(bin, tool))
  const { root, target } = await rootlessNode({ path: bin })
  await expect((await session(target)).lock('ann')).rejects.toMatchObject({
    code: 'unit-failed',
    message: 'n1: cannot take the lock: there is no command flock',
    detail: { machine: 'n1', hint: 'install util-linux there' },
  })
  expect(existsSync(join(root, 'run'))).toBe(false)
})
