import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { identity } from '../../../lib/lab/rootless/identity.ts'
import { connect } from '../../../lib/ssh/connect.ts'
import { ConnectionLost } from '../../../lib/ssh/connection-lost.ts'
import { processesOf } from '../../ssh/processes.ts'
import { rootlessNode } from '../../ssh/rootless-node.ts'
import { session } from '../../ssh/sessions.ts'
import { makeKey, workspace } from '../../ssh/workspace.ts'

test('scripts find the tree, the root prefix, and the stand-ins before everything else', async () => {
  const bin = join(workspace(), 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'systemctl'), '#!/bin/sh\necho "stand-in $*"\n', { mode: 0o755 })
  const { root, node, target } = await rootlessNode({ binDir: bin, env: { EXTRA: 'yes' } })
  expect(node.kind).toBe('rootless')
  const opened = await session(target)
  expect((await opened.run('echo "$R $PWD $HOME $EXTRA"; systemctl status x')).stdout).toBe(
    `${root} ${root} ${root} yes\nstand-in status x\n`,
  )
})

test('its processes are never root', async () => {
  const { target } = await rootlessNode()
  const opened = await session(target)
  expect(Number((await opened.run('id -u')).stdout)).toBeGreaterThan(0)
  expect((await opened.run('echo x >"$R/file"; stat -c %u "$R/file"')).stdout).not.toBe('0\n')
})

test('root is refused a tree that is not of nobody, with the way out', async () => {
  const folder = workspace()
  await expect(identity(folder, 0)).rejects.toMatchObject({
    code: 'lab',
    message: `a rootless node never runs as root: ${folder} belongs to uid ${userInfo().uid}`,
    detail: { hint: `give the tree to nobody: chown -R 65534:65534 ${folder}` },
  })
  expect(await identity(folder, 1000)).toEqual({})
})

test('it counts connections and commands', async () => {
  const { node, target } = await rootlessNode()
  const [one] = [await session(target), await session(target)]
  await one.upload({ data: Buffer.from('x') }, '/file')
  expect(node.stats).toEqual({ connections: 2, execs: 3 })
})

test('only its key may log in', async () => {
  const { folder, target } = await rootlessNode()
  const other = { ...target, key: makeKey(folder, 'other').file }
  await expect(connect(other, { deadlineMs: 20_000, say: () => undefined })).rejects.toMatchObject({ code: 'auth' })
})

test('a slow line takes its time in both directions, and damages nothing', async () => {
  const { target } = await rootlessNode({ faults: { delayMs: 40 } })
  const opened = await session(target)
  await opened.run('true')
  const started = performance.now()
  await opened.run('true')
  expect(performance.now() - started).toBeGreaterThan(35)
  const data = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 256))
  await opened.upload({ data }, '/data')
  expect((await opened.run('wc -c <"$R/data"')).stdout.trim()).toBe('3000000')
})

test('two full streams that wait for the client both arrive whole', async () => {
  const { target } = await rootlessNode({ faults: { delayMs: 10 } })
  const opened = await session(target)
  const much = (letter: string) => `head -c 8000000 /dev/zero | tr '\\0' ${letter}`
  const { stdout, stderr } = await opened.run(`{ ${much('e')}; echo end; } >&2 & ${much('o')}; wait`)
  expect([stdout.length, stdout.replaceAll('o', '')]).toEqual([8_000_000, ''])
  expect([stderr.slice(-4), stderr.slice(0, -4).replaceAll('e', '')]).toEqual(['end\n', ''])
})

test('closing ends its connections and what it had started', async () => {
  const { root, node, target } = await rootlessNode()
  const opened = await session(target)
  const closed = new Promise<void>((resolve, reject) => {
    opened
      .run('echo up; sleep 300', { onLine: () => void node.close().then(resolve, reject) })
      .catch((error: unknown) => expect(error).toBeInstanceOf(ConnectionLost))
      .catch(reject)
  })
  await closed
  await vi.waitUntil(() => processesOf(root).length === 0, { timeout: 20_000 })
})
