import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ConnectionLost } from '../../lib/ssh/connection-lost.ts'
import type { Target } from '../../lib/ssh/target.ts'
import { session } from './sessions.ts'
import { startSshd } from './sshd.ts'

test('a script answers with status, stdout and stderr, all on one exec channel', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target)
  expect(await node.run('echo out; echo err >&2; exit 3')).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n' })
  expect(await node.run('printf "no newline"')).toEqual({ status: 0, stdout: 'no newline', stderr: '' })
  expect(await node.run('')).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(sshd.logins()).toBe(1)
  expect(sshd.execs()).toBe(1)
})

test('a failing script does not end the session, whatever way it fails', async () => {
  const node = await session((await startSshd()).target)
  for (const script of [
    'exit 7',
    'if',
    "echo 'never closed",
    'set -e; false',
    'kill -9 $(exec sh -c "echo \\$PPID")',
    '. /nonexistent/file',
    'exec false',
  ]) {
    expect((await node.run(script)).status, script).not.toBe(0)
  }
  expect(await node.run('echo "still here"')).toEqual({ status: 0, stdout: 'still here\n', stderr: '' })
})

test('scripts do not see what earlier scripts set', async () => {
  const node = await session((await startSshd()).target)
  await node.run('x=1; cd /usr; umask 0; trap "echo trapped" EXIT')
  expect((await node.run('echo "[$x] $PWD $(umask) $#"')).stdout).toBe('[] / 0077 0\n')
})

test('the environment of scripts is set: C locale, root prefix, system folders in PATH', async () => {
  const node = await session((await startSshd(['SetEnv LC_ALL=C.UTF-8 CDPATH=/usr'])).target)
  expect((await node.run('echo "$LC_ALL [$R] [$CDPATH]"')).stdout).toBe('C [] []\n')
  expect((await node.run('echo "$PATH"')).stdout).toMatch(
    /.:\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin\n$/,
  )
})

test('requests wait for each other', async () => {
  const node = await session((await startSshd()).target)
  const replies = await Promise.all([node.run('sleep 0.3; echo 1'), node.run('echo 2'), node.run('echo 3; exit 3')])
  expect(replies.map((reply) => reply.stdout)).toEqual(['1\n', '2\n', '3\n'])
  expect(replies.map((reply) => reply.status)).toEqual([0, 0, 3])
})

test('a child that reads its standard input finds nothing and takes nothing', async () => {
  const node = await session((await startSshd()).target)
  const [cat, head, after] = await Promise.all([
    node.run('cat'),
    node.run('head -c 5; read -r x; sh -c cat'),
    node.run('echo after'),
  ])
  expect(cat).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(head).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(after?.stdout).toBe('after\n')
})

test('a banner and a noisy start of the shell are not part of any answer', async () => {
  const sshd = await startSshd()
  writeFileSync(join(sshd.folder, 'banner'), 'Authorised use only.\n')
  const noise = `echo "motd: 3 updates"; echo "stty: not a terminal" >&2; eval "$SSH_ORIGINAL_COMMAND"`
  const noisy = await startSshd([`Banner ${join(sshd.folder, 'banner')}`, `ForceCommand ${noise}`])
  const node = await session(noisy.target)
  expect(await node.run('echo out; echo err >&2')).toEqual({ status: 0, stdout: 'out\n', stderr: 'err\n' })
})

test('what a process left behind says between two answers is no part of the next', async () => {
  const { folder, target } = await startSshd()
  const node = await session(target)
  const left = `(until [ -e ${folder}/go ]; do sleep 0.05; done; echo late; echo late >&2; : >${folder}/done) &`
  expect((await node.run(`${left} echo now`)).stdout).toBe('now\n')
  writeFileSync(join(folder, 'go'), '')
  await vi.waitUntil(() => existsSync(join(folder, 'done')), { timeout: 20_000 })
  expect(await node.run('echo next')).toEqual({ status: 0, stdout: 'next\n', stderr: '' })
})

test('a script of 1 MB arrives whole', async () => {
  const node = await session((await startSshd()).target)
  const value = "it's 'quoted' \\ $HOME `x` \"y\"\n".repeat(35_000)
  expect(value.length).toBeGreaterThan(1024 * 1024)
  const { stdout } = await node.run(`cat <<'EOF'\n${value}EOF\n`)
  expect(stdout === value).toBe(true)
})

test('characters that are cut by packets are whole in the answer and in its lines', async () => {
  const node = await session((await startSshd()).target)
  const lines: string[] = []
  const { stdout } = await node.run(`awk 'BEGIN { for (i = 0; i < 30000; i++) print "日本語 ünïcödé €" }'`, {
    onLine: (line) => lines.push(line),
  })
  expect(stdout).toBe('日本語 ünïcödé €\n'.repeat(30_000))
  expect(lines).toHaveLength(30_000)
  expect(new Set(lines)).toEqual(new Set(['日本語 ünïcödé €']))
})

test('binary output does not disturb the session', async () => {
  const node = await session((await startSshd()).target)
  const { stdout, status } = await node.run('head -c 3000000 /dev/urandom; printf "\\000\\001]\\n[0\\n"; exit 4')
  expect(status).toBe(4)
  expect(stdout.length).toBeGreaterThan(1_000_000)
  expect((await node.run('echo next')).stdout).toBe('next\n')
})

test('lines are passed on while the script still runs', async () => {
  const { folder, target } = await startSshd()
  const node = await session(target)
  const seen: string[] = []
  // The script ends only because its first line was seen.
  await node.run(`echo first; until [ -e ${folder}/go ]; do sleep 0.05; done; echo last`, {
    onLine: (line) => {
      seen.push(line)
      writeFileSync(join(folder, 'go'), '')
    },
  })
  expect(seen).toEqual(['first', 'last'])
})

test('of stderr the end is kept', async () => {
  const node = await session((await startSshd()).target)
  const { stderr } = await node.run('i=0; while [ $i -lt 20000 ]; do echo "line $i" >&2; i=$((i + 1)); done')
  expect(stderr.length).toBe(64 * 1024)
  expect(stderr.endsWith('line 19999\n')).toBe(true)
})

test('too much output costs the session, and says so', async () => {
  const sshd = await startSshd()
  const node = await session(sshd.target, { outputLimit: 100_000 })
  const message = 'n1: the machine does not answer as it should: an answer of more than 100000 bytes'
  await expect(node.run('yes')).rejects.toThrow(message)
  await expect(node.run('echo more')).rejects.toThrow(message)
  expect((await (await session(sshd.target)).run('echo fine')).stdout).toBe('fine\n')
})

test('a connection that is cut in the middle of a step is neither success nor failure', async () => {
  const sshd = await startSshd()
  const line = await cuttable(sshd.target)
  const node = await session(line.target)
  const running = node.run('echo started; sleep 30', { onLine: () => line.cut() })
  await expect(running).rejects.toBeInstanceOf(ConnectionLost)
  await expect(node.run('echo again')).rejects.toBeInstanceOf(ConnectionLost)
})

test('a session whose shell is killed is lost', async () => {
  const node = await session((await startSshd()).target)
  await expect(node.run('kill -9 $$; sleep 30')).rejects.toThrow(/n1: connection lost: .*/)
})

test('a step that cannot even be ended is lost', async () => {
  const node = await session((await startSshd()).target, { graceSeconds: 1, answerMs: 300 })
  let shell = 0
  const onLine = (line: string): void => void (shell = Number(line))
  const stopped = node.run('echo $$; kill -STOP $$', { deadlineMs: 300, onLine })
  const error: unknown = await stopped.catch((thrown: unknown) => thrown)
  process.kill(shell, 'SIGKILL')
  expect(error).toBeInstanceOf(ConnectionLost)
  expect(String(error)).toContain('n1: connection lost: no answer within 2.3 s')
})

test('a closed session answers no more', async () => {
  const node = await session((await startSshd()).target)
  await node.close()
  await node.close()
  await expect(node.run('echo x')).rejects.toThrow('n1: connection lost: the session was closed')
})

test('an account without a shell is named with what it said', async () => {
  const sshd = await startSshd(['ForceCommand echo "This account is currently not available."; exit 1'])
  const node = await session(sshd.target)
  await expect(node.run('true')).rejects.toMatchObject({
    code: 'connection',
    message: `n1: the shell of ${sshd.target.user}@127.0.0.1:${sshd.target.port} ended with status 1; it said:\nThis account is currently not available.`,
  })
})

/** The same machine behind a line that can be cut. */
async function cuttable(target: Target): Promise<{ target: Target; cut(): void }> {
  const sockets: Socket[] = []
  const server = createServer((outer) => {
    const inner = connect(target.port, target.host)
    sockets.push(outer, inner)
    for (const socket of [outer, inner]) socket.on('error', () => undefined)
    outer.pipe(inner).pipe(outer)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  onTestFinished(() => {
    cut()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { target: { ...target, port: address.port }, cut }
}
