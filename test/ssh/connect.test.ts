import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as dial, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connect } from '../../lib/ssh/connect.ts'
import { Limiter } from '../../lib/ssh/limiter.ts'
import type { Target } from '../../lib/ssh/target.ts'
import { freePort, startSshd } from './sshd.ts'
import { makeKey, workspace } from './workspace.ts'

async function logIn(target: Target, { deadlineMs = 20_000 } = {}): Promise<void> {
  const connection = await connect(target, { deadlineMs, say: () => undefined })
  connection.end()
}

/** A target that nobody has to answer for. */
function nobody(port: number): Target {
  const folder = workspace()
  return {
    name: 'n1',
    host: '127.0.0.1',
    port,
    user: 'op',
    key: makeKey(folder, 'user').file,
    knownHosts: join(folder, 'known_hosts'),
  }
}

function withoutKey({ name, host, port, user, knownHosts }: Target): Target {
  return { name, host, port, user, knownHosts }
}

async function listen(onSocket: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    onSocket(socket, ++count)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

test('a machine that refuses the connection', async () => {
  const target = nobody(await freePort())
  await expect(logIn(target)).rejects.toMatchObject({
    code: 'connection',
    message: `n1: no SSH connection to 127.0.0.1:${target.port}: connection refused`,
    detail: { machine: 'n1' },
  })
})

test('a name that nobody knows', async () => {
  const target = { ...nobody(22), host: 'machine.invalid' }
  await expect(logIn(target)).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringMatching(/^n1: no SSH connection to machine\.invalid:22: the name /) as string,
  })
})

test('a machine that takes the connection and says nothing', async () => {
  const target = nobody(await listen(() => undefined))
  await expect(logIn(target, { deadlineMs: 500 })).rejects.toMatchObject({
    code: 'connection',
    message: `n1: no SSH connection to 127.0.0.1:${target.port}: no answer within 0.5 s`,
  })
})

test('a port on which something else listens', async () => {
  const target = nobody(await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  await expect(logIn(target, { deadlineMs: 1000 })).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining(`n1: no SSH connection to 127.0.0.1:${target.port}: `) as string,
  })
})

test('a login that a busy sshd dropped comes again', async () => {
  const sshd = await startSshd()
  const port = await listen((socket, count) => {
    if (count === 1) socket.resetAndDestroy()
    else if (count === 2) socket.destroy()
    else socket.pipe(dial(sshd.target.port, '127.0.0.1')).pipe(socket)
  })
  await logIn({ ...sshd.target, port })
  expect(sshd.logins()).toBe(1)
})

test('a machine that drops every login is given up at the deadline', async () => {
  const target = nobody(await listen((socket) => socket.resetAndDestroy()))
  await expect(logIn(target, { deadlineMs: 700 })).rejects.toMatchObject({
    code: 'connection',
    message: `n1: no SSH connection to 127.0.0.1:${target.port}: dropped by the other side before the login`,
  })
})

test('thirty logins at once into one sshd that drops what is too much', async () => {
  const sshd = await startSshd(['MaxStartups 10:100:100'])
  await Promise.all(Array.from({ length: 30 }, () => logIn(sshd.target)))
  expect(sshd.logins()).toBe(30)
})

test('no more than eight handshakes at once with one address', async () => {
  const sockets = new Set<Socket>()
  const target = nobody(await listen((socket) => sockets.add(socket)))
  const attempts = Array.from({ length: 20 }, () => logIn(target, { deadlineMs: 1500 }).catch(() => undefined))
  await vi.waitUntil(() => sockets.size >= 8)
  await sleep(300)
  expect(sockets.size).toBe(8)
  await Promise.all(attempts)
  expect(sockets.size).toBe(20)
})

test('a key that the machine does not know', async () => {
  const sshd = await startSshd()
  const other = makeKey(sshd.folder, 'other').file
  const { user, port } = sshd.target
  await expect(logIn({ ...sshd.target, key: other })).rejects.toMatchObject({
    code: 'auth',
    message: `n1: ${user}@127.0.0.1:${port} refused the login (tried key ${other})`,
    detail: { machine: 'n1', hint: expect.stringContaining('authorized_keys') as string },
  })
})

test('nothing to log in with', async () => {
  await expect(logIn(withoutKey(nobody(22)))).rejects.toMatchObject({
    code: 'auth',
    message: 'n1: there is nothing to log in with as op@127.0.0.1:22',
  })
})

test('key files that cannot be used are named before any connection', async () => {
  const target = nobody(1)
  const folder = workspace()
  const locked = makeKey(folder, 'locked', { passphrase: 'secret' }).file
  const text = join(folder, 'text')
  writeFileSync(text, 'hello\n')
  const refusal = (key: string): Promise<unknown> => logIn({ ...target, key }).catch((error: unknown) => error)
  expect(await refusal(locked)).toMatchObject({
    code: 'auth',
    message: `n1: the key file ${locked} is protected by a passphrase`,
    detail: { hint: expect.stringContaining(`ssh-add ${locked}`) as string },
  })
  expect(await refusal(join(folder, 'none'))).toMatchObject({
    code: 'auth',
    message: `n1: the key file ${folder}/none cannot be read`,
  })
  expect(await refusal(text)).toMatchObject({
    code: 'auth',
    message: expect.stringContaining(`${text} is not a private key`) as string,
  })
  expect(await refusal(`${locked}.pub`)).toMatchObject({
    code: 'auth',
    message: `n1: ${locked}.pub holds a public key, and no ssh agent holds its private key`,
  })
})

test.each(['ed25519', 'rsa', 'ecdsa'])('a login by %s key file', async (type) => {
  const sshd = await startSshd()
  const key = makeKey(sshd.folder, 'other', { type })
  writeFileSync(join(sshd.folder, 'user.pub'), key.public)
  await logIn({ ...sshd.target, key: key.file })
  expect(sshd.logins()).toBe(1)
})

test('a login by an agent that holds the key among others, after a key file that does not do', async () => {
  const sshd = await startSshd()
  const agent = await startAgent(join(sshd.folder, 'agent'))
  const other = makeKey(sshd.folder, 'other')
  for (const file of [other.file, sshd.userKey.file]) {
    execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: agent } })
  }
  await logIn({ ...sshd.target, key: makeKey(sshd.folder, 'wrong').file, agent })
  expect(sshd.logins()).toBe(1)
})

test('an agent without the key, and no agent at all', async () => {
  const sshd = await startSshd()
  const target = withoutKey(sshd.target)
  const agent = await startAgent(join(sshd.folder, 'agent'))
  await expect(logIn({ ...target, agent })).rejects.toMatchObject({
    code: 'auth',
    message: expect.stringContaining(`(tried agent ${agent})`) as string,
  })
  const none = join(sshd.folder, 'none')
  await expect(logIn({ ...target, agent: none })).rejects.toMatchObject({
    code: 'auth',
    message: expect.stringContaining(none) as string,
  })
})

test('at most so many at once, in order, and a failure frees its place', async () => {
  const limiter = new Limiter(2)
  const log: string[] = []
  let running = 0
  const task =
    (name: string, fails = false) =>
    async (): Promise<void> => {
      expect(++running).toBeLessThanOrEqual(2)
      log.push(name)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (fails) throw new Error(name)
    }
  const results = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e'].map((name) => limiter.run(task(name, name === 'a'))),
  )
  expect(log).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(results.map((result) => result.status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
})

async function startAgent(socket: string): Promise<string> {
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void agent.kill())
  await once(agent.stdout, 'data')
  return socket
}
