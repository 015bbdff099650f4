import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Faults } from '../../lib/lab/rootless/network.ts'
import { ConnectionLost } from '../../lib/ssh/connection-lost.ts'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { startSshd } from './sshd.ts'
import { workspace } from './workspace.ts'

const MB = 1024 * 1024

test('bytes and files arrive whole, with their mode, on a second channel', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target)
  const folder = join(sshd.folder, "o'dd name")
  mkdirSync(folder)
  const data = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256))
  await node.upload({ data }, join(folder, 'data'))
  await node.upload({ path: sshd.hostKey.file }, join(folder, 'file'), { mode: 0o755 })
  await node.upload({ data: Buffer.alloc(0) }, join(folder, 'empty'))
  expect(readFileSync(join(folder, 'data')).equals(data)).toBe(true)
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe(sshd.hostKey.private)
  expect(readdirSync(folder).sort()).toEqual(['data', 'empty', 'file'])
  expect(['data', 'file', 'empty'].map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([
    0o600, 0o755, 0o600,
  ])
  expect(sshd.logins()).toBe(1)
  expect(sshd.execs()).toBe(4)
})

test('200 MB pass through with flat memory, while the session goes on answering', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target)
  const source = join(sshd.folder, 'source')
  writeFileSync(source, 'begin')
  truncateSync(source, 200 * MB)
  const before = process.memoryUsage().rss
  let most = 0
  let last = 0
  const upload = node.upload({ path: source }, join(sshd.folder, 'copy'), {
    onProgress: (bytes) => {
      last = bytes
      most = Math.max(most, process.memoryUsage().rss)
    },
  })
  expect((await node.run('echo meanwhile')).stdout).toBe('meanwhile\n')
  await upload
  expect(last).toBe(200 * MB)
  expect((most - before) / MB).toBeLessThan(80)
  execFileSync('cmp', [source, join(sshd.folder, 'copy')])
})

test('below the root prefix on a rootless node', async () => {
  const { root, target } = await rootlessNode()
  const node = await session(target)
  await node.run('mkdir -p "$R/var/lib/x"')
  await node.upload({ data: Buffer.from('hello') }, '/var/lib/x/y')
  expect((await node.run('cat "$R/var/lib/x/y"')).stdout).toBe('hello')
  expect(existsSync(join(root, 'var/lib/x/y'))).toBe(true)
})

test('an upload that is cut leaves the old file and nothing beside it', async () => {
  const faults: Faults = {}
  const { root, target } = await rootlessNode({ faults })
  const node = await session(target)
  await node.upload({ data: Buffer.from('old') }, '/file')
  const source = join(workspace(), 'source')
  writeFileSync(source, '')
  truncateSync(source, 50 * MB)
  const upload = node.upload({ path: source }, '/file', {
    onProgress: (bytes) => {
      if (bytes > 5 * MB) faults.dropAfterBytes = 1
    },
  })
  await expect(upload).rejects.toBeInstanceOf(ConnectionLost)
  await vi.waitUntil(() => readdirSync(root).join() === 'file', { timeout: 20_000 })
  expect(readFileSync(join(root, 'file'), 'utf8')).toBe('old')
})

test('an upload that is cut goes on where it was when it may; what is too long begins anew', async () => {
  const faults: Faults = {}
  const { root, target } = await rootlessNode({ faults })
  const source = join(workspace(), 'source')
  writeFileSync(source, Buffer.alloc(50 * MB, 'some bytes that are not all alike '))
  let cut = false
  const first = (await session(target)).upload({ path: source }, '/file', {
    resume: true,
    onProgress: (bytes) => {
      if (bytes > 25 * MB && !cut) faults.dropAfterBytes = 1
      cut = bytes > 25 * MB
    },
  })
  await expect(first).rejects.toBeInstanceOf(ConnectionLost)
  delete faults.dropAfterBytes
  await vi.waitUntil(() => readdirSync(root).join() === 'file.part', { timeout: 20_000 })
  const kept = statSync(join(root, 'file.part')).size
  expect(kept).toBeGreaterThan(5 * MB)
  const seen: number[] = []
  const again = await session(target)
  await again.upload({ path: source }, '/file', { resume: true, onProgress: (bytes) => seen.push(bytes) })
  expect(seen[0]).toBeGreaterThan(kept)
  expect(seen.at(-1)).toBe(50 * MB)
  execFileSync('cmp', [source, join(root, 'file')])

  writeFileSync(join(root, 'small.part'), Buffer.alloc(100))
  await again.upload({ data: Buffer.from('small') }, '/small', { resume: true })
  expect(readFileSync(join(root, 'small'), 'utf8')).toBe('small')
  writeFileSync(join(root, 'whole.part'), 'left behind')
  await again.upload({ data: Buffer.from('whole') }, '/whole')
  expect(readFileSync(join(root, 'whole'), 'utf8')).toBe('whole')
  expect(readdirSync(root).sort()).toEqual(['file', 'small', 'whole'])
})

test('what the machine cannot write is an error with its words, and the session goes on', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target)
  const to = join(sshd.folder, 'missing', 'file')
  await expect(node.upload({ data: Buffer.alloc(10 * MB) }, to)).rejects.toMatchObject({
    code: 'unit-failed',
    message: expect.stringMatching(/^n1: cannot write .*missing\/file: .*(No such file|nonexistent)/) as string,
  })
  expect((await node.run('echo fine')).stdout).toBe('fine\n')
})

test('a file that does not fit is an error with the words of the machine, and nothing is left', async () => {
  const shell = join(workspace(), 'limited')
  writeFileSync(shell, `#!/bin/sh\ntrap '' XFSZ\nulimit -f 100\nexec sh "$@"\n`, { mode: 0o755 })
  const { root, target } = await rootlessNode({ shell })
  const node = await session(target)
  await expect(node.upload({ data: Buffer.alloc(50 * MB) }, '/file')).rejects.toMatchObject({
    code: 'unit-failed',
    message: 'n1: cannot write /file: cat: write error: File too large',
  })
  expect(readdirSync(root)).toEqual([])
  expect((await node.run('echo fine')).stdout).toBe('fine\n')
})

test('a source that is not there', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target)
  await expect(node.upload({ path: join(sshd.folder, 'none') }, '/tmp/none')).rejects.toMatchObject({
    code: 'not-found',
  })
  expect(sshd.execs()).toBe(1)
})

test('a source that cannot be read to its end', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target)
  const to = join(sshd.folder, 'to')
  await expect(node.upload({ path: sshd.folder }, to)).rejects.toThrow(/illegal operation on a directory/)
  expect(existsSync(to)).toBe(false)
  expect((await node.run('echo fine')).stdout).toBe('fine\n')
})

test('after the session has been closed', async () => {
  const node = await session((await startSshd()).target)
  await node.close()
  await expect(node.upload({ data: Buffer.from('x') }, '/tmp/none')).rejects.toBeInstanceOf(ConnectionLost)
})

test.each([true, false])(
  'a machine that takes an upload and reads nothing of it is given up (resume: %s)',
  async (resume) => {
    const shell = join(workspace(), 'shell')
    writeFileSync(shell, `#!/bin/sh\ncase $2 in *'read -r k'*) exec sleep 60 ;; esac\nexec sh "$@"\n`, { mode: 0o755 })
    const node = await session((await rootlessNode({ shell })).target)
    await expect(node.upload({ data: Buffer.alloc(10 * MB) }, '/file', { resume, stallMs: 500 })).rejects.toThrow(
      'connection lost: an upload stood still for 0.5 s',
    )
  },
)
