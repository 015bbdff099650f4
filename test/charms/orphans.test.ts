import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { containerd } from '../../charms/containerd/charm.ts'
import { kata } from '../../charms/kata/charm.ts'
import type { Charm } from '../../lib/lifecycle/charm.ts'
import { askAction } from '../../lib/testing/index.ts'
import { machine } from './containerd/machine.ts'
import { treeOf } from './kata/on-tree.ts'

const SOCKET = '/run/containerd/containerd.sock'
const shim = (kind: string, id: string, address = SOCKET): string =>
  ['/usr/bin/containerd-shim-' + kind, '-namespace', 'k8s.io', '-id', id, '-address', address, ''].join('\0')

/** A process as /proc shows it; it began so many seconds ago on a machine that is up for 1000. */
function proc(pid: number, cmdline: string, { age = 500, kvm = false } = {}): Record<string, string> {
  const fields = ['S', ...Array<string>(18).fill('1'), String((1000 - age) * 100)]
  return {
    [`/proc/${pid}/cmdline`]: cmdline,
    [`/proc/${pid}/stat`]: `${pid} (a b) c) ${fields.join(' ')} 0 0\n`,
    ...(kvm ? { [`/proc/${pid}/fd/7`]: '-> anon_inode:kvm-vm' } : { [`/proc/${pid}/fd/0`]: '-> /dev/null' }),
  }
}

async function ask(charm: Charm, files: Record<string, string>, params: Record<string, unknown> = {}) {
  const root = treeOf({ '/proc/uptime': '1000.42 3000.00\n', ...files })
  mkdirSync(join(root, dirname(SOCKET)), { recursive: true })
  if (files['/stubs/ctr'] !== undefined) {
    const server = createServer().listen(join(root, SOCKET))
    await once(server, 'listening')
    onTestFinished(() => void server.close())
  }
  const state = charm === containerd ? machine({}) : {}
  const reading = askAction(charm, 'orphans', { ...state, params })
  const script = `R=${root} PATH=${root}/stubs:$PATH\n${reading.script}`
  const { stdout } = await promisify(execFile)('sh', ['-c', script])
  return reading.parse(stdout)
}

/** A process that runs, for one that is to be ended; its number is that of the shim in the tree. */
function living(command = 'sleep 60'): { pid: number; ended: Promise<unknown> } {
  const child = spawn('sh', ['-c', command], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { pid: child.pid ?? 0, ended: once(child, 'exit') }
}

test('kata: a shim whose machine lives in another process, or in itself, serves; one without a machine is an orphan', async () => {
  const files = {
    ...proc(11, shim('kata-v2', 'aaa')),
    ...proc(12, ['qemu', '-name', 'sandbox-aaa', ''].join('\0'), { kvm: true }),
    ...proc(13, shim('kata-v2', 'dragon'), { kvm: true }),
    ...proc(14, shim('kata-qemu-v2', 'bbb')),
    ...proc(15, ['qemu', '-name', 'sandbox-bbb', ''].join('\0')),
    ...proc(16, shim('kata-v2', 'young'), { age: 30 }),
    ...proc(17, shim('runc-v2', 'ccc')),
  }
  expect(await ask(kata, files)).toEqual({
    ok: false,
    says: 'shims without a virtual machine: 1 left; end=true ends them',
    result: [{ pid: 14, id: 'bbb', age: 500, state: 'left' }],
  })
})

test('kata: nothing is found where nothing is', async () => {
  expect(await ask(kata, {})).toMatchObject({ ok: true, says: 'no shim without a virtual machine', result: [] })
})

test('with end=true an orphan is ended, one that does not hear the first signal too; a serving one stays', async () => {
  const [orphan, deaf, serving] = [living(), living('trap "" TERM; while :; do sleep 1; done'), living()]
  const files = {
    ...proc(orphan.pid, shim('kata-v2', 'one')),
    ...proc(deaf.pid, shim('kata-v2', 'two')),
    ...proc(serving.pid, shim('kata-v2', 'three'), { kvm: true }),
  }
  const answer = await ask(kata, files, { end: true })
  expect(answer).toMatchObject({ ok: true, says: 'shims without a virtual machine: 2 ended' })
  await Promise.all([orphan.ended, deaf.ended])
  expect(() => process.kill(serving.pid, 0)).not.toThrow()
}, 30_000)

const CTR = `#!/bin/sh
case "$*" in
*'namespaces ls'*) echo k8s.io ;;
*'-n k8s.io containers ls'*) echo known ;;
*) exit 1 ;;
esac
`

test('containerd: a shim whose container the daemon does not know; those of another daemon are not its own', async () => {
  const files = {
    '/stubs/ctr': CTR,
    ...proc(21, shim('runc-v2', 'known')),
    ...proc(22, shim('runc-v2', 'lost')),
    ...proc(23, shim('runc-v2', 'other', '/run/k3s/containerd/containerd.sock')),
  }
  expect(await ask(containerd, files)).toMatchObject({
    ok: false,
    says: 'shims without a container: 1 left; end=true ends them',
    result: [{ pid: 22, id: 'lost' }],
  })
})

test.each([
  ['no socket', {}],
  ['a daemon that fails in the middle', { '/stubs/ctr': CTR.replace('echo known', 'exit 1') }],
  ['a daemon that says nothing', { '/stubs/ctr': '#!/bin/sh\nexit 1\n' }],
])('containerd: nothing is ended on a guess: %s', async (_, stub) => {
  const orphan = living()
  const answer = await ask(containerd, { ...stub, ...proc(orphan.pid, shim('runc-v2', 'lost')) }, { end: true })
  expect(answer).toMatchObject({ ok: false, says: expect.stringContaining('the daemon does not answer') as string })
  expect(() => process.kill(orphan.pid, 0)).not.toThrow()
})

test('both are held against deploys meanwhile', () => {
  for (const charm of [kata, containerd]) expect(charm.actions?.['orphans']?.makes).toBe(true)
})
