import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { lockFolder } from '../../lib/state/lock-files.ts'
import { folder } from './folder.ts'

const mine = { name: 'default', holder: 'the test' }

let program = ''
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../lib/state/lock-files.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    logLevel: 'silent',
  })
  program = `${outputFiles[0]?.text ?? ''}
    module.exports.lockFolder(process.argv[1], { name: 'default', holder: 'alice@laptop' })
      .then(() => { console.log('held'); setInterval(() => {}, 1000) }, (error) => { console.log(error.code); process.exit() })`
})

/** Another process that tries to take the lock; gives what came of it. */
async function rival(place: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['-e', program, place], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: chunk.toString().trim() }
}

test('a second operation is refused and hears who holds the lock; afterwards it may go on', async () => {
  const place = folder()
  const lock = await lockFolder(place, mine)
  await expect(lockFolder(place, mine)).rejects.toMatchObject({
    code: 'locked',
    message: 'the model default is in use by the test',
  })
  expect((await rival(place)).said).toBe('locked')
  await lock.release()
  const again = await lockFolder(place, mine)
  await again.release()
  expect(readdirSync(place)).toEqual([])
})

test('what another process holds is held until that process is dead, however it died', async () => {
  const place = folder()
  const { child, said } = await rival(place)
  expect(said).toBe('held')
  await expect(lockFolder(place, mine)).rejects.toThrow('in use by alice@laptop')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockFolder(place, mine)
  expect(readdirSync(place)).toHaveLength(1)
  await lock.release()
})

test('of many that come at once never two hold it', async () => {
  const place = folder()
  const rivals = await Promise.all(Array.from({ length: 6 }, () => rival(place)))
  expect(rivals.filter(({ said }) => said === 'held').length).toBeLessThanOrEqual(1)
  expect(rivals.every(({ said }) => said === 'held' || said === 'locked')).toBe(true)
})

test('a dead process’s number that another process has now holds nothing', async () => {
  const place = folder()
  const claim = { pid: process.pid, host: hostname(), at: 1000, holder: 'somebody in 1970' }
  writeFileSync(join(place, `lock.${process.pid}-0123456789ab`), JSON.stringify(claim))
  const lock = await lockFolder(place, mine)
  await lock.release()
})

test('a process of another host cannot be judged: it holds, and the command that takes its lock is named', async () => {
  const place = folder()
  mkdirSync(place, { recursive: true })
  const file = join(place, 'lock.1-0123456789ab')
  writeFileSync(file, JSON.stringify({ pid: 1, host: 'elsewhere', at: Date.now(), holder: 'bob' }))
  await expect(lockFolder(place, mine)).rejects.toMatchObject({
    message: 'the model default is in use by bob on elsewhere',
    detail: { hint: expect.stringContaining('kcharm lock break') as string },
  })
})
