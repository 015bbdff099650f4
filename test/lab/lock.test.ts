import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { withLock } from '../../lib/lab/lock.ts'

test('one at a time, in whatever order, also after a failure', async () => {
  const seen: string[] = []
  const work = (name: string) =>
    withLock('a test of order', async () => {
      seen.push(`${name} in`)
      await new Promise((done) => setImmediate(done))
      seen.push(`${name} out`)
      if (name === 'a') throw new Error('a failed')
    })
  const ends = await Promise.allSettled([work('a'), work('b'), work('c')])
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(seen.map((line) => line.slice(2))).toEqual(['in', 'out', 'in', 'out', 'in', 'out'])
  expect(seen.map((line) => line[0])).toEqual(seen.flatMap((line, i) => (i % 2 === 0 ? [line[0], line[0]] : [])))
})

test('a holder that is killed holds no longer', async () => {
  const socket = `\0kcharm-lab ${createHash('sha256').update('a test of death').digest('hex')}`
  const script = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => console.log('held'))`
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  let entered = false
  const waiting = withLock('a test of death', async () => {
    entered = true
  })
  await new Promise((done) => setTimeout(done, 150))
  expect(entered).toBe(false)
  holder.kill('SIGKILL')
  await waiting
  expect(entered).toBe(true)
})
