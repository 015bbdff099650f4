import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as dial } from 'node:net'
import ssh2 from 'ssh2'
import { expect, onTestFinished, test } from 'vitest'
import type { Ask } from '../../lib/ssh/ask.ts'
import { Bastions } from '../../lib/ssh/bastions.ts'
import { connect } from '../../lib/ssh/connect.ts'
import type { Target } from '../../lib/ssh/target.ts'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { startSshd } from './sshd.ts'
import { makeKey } from './workspace.ts'

/** Somebody at the terminal, who answers with these in turn. */
function person(...answers: string[]): { ask: Ask; questions: string[] } {
  const questions: string[] = []
  const ask: Ask = (question, { hidden }) => {
    questions.push(`${hidden ? 'hidden' : 'shown'}: ${question}`)
    return Promise.resolve(answers[questions.length - 1] ?? '')
  }
  return { ask, questions }
}

async function logIn(target: Target, ask?: Ask, deadlineMs = 20_000): Promise<string[]> {
  const said: string[] = []
  const connection = await connect(target, { deadlineMs, say: (line) => said.push(line), ask })
  connection.end()
  return said
}

test.each([
  ['ed25519', ['-t', 'ed25519']],
  ['rsa in the old form', ['-t', 'rsa', '-m', 'PEM']],
])('a key with a passphrase is asked for once for all machines: %s', async (_, words) => {
  const sshd = await startSshd()
  const key = join(sshd.folder, 'locked')
  execFileSync('ssh-keygen', ['-q', ...words, '-N', 'secret', '-f', key])
  writeFileSync(join(sshd.folder, 'user.pub'), readFileSync(`${key}.pub`))
  const { ask, questions } = person('wrong', 'secret')
  await Promise.all([1, 2, 3].map((n) => logIn({ ...sshd.target, name: `n${n}`, key }, ask)))
  expect(questions).toEqual(Array(2).fill(`hidden: Passphrase for the key ${key}: `))
  expect(sshd.logins()).toBe(3)
})

test('three wrong passphrases', async () => {
  const sshd = await startSshd()
  const { file: key } = makeKey(sshd.folder, 'locked', { passphrase: 'secret' })
  const { ask, questions } = person('a', 'b', 'c', 'd')
  await expect(logIn({ ...sshd.target, key }, ask)).rejects.toMatchObject({ code: 'auth' })
  expect(questions).toHaveLength(3)
})

test('a locked key that nobody named is asked for only if the machine wants it', async () => {
  const sshd = await startSshd()
  const locked = makeKey(sshd.folder, 'locked', { passphrase: 'secret' })
  const target = { ...sshd.target }
  delete target.key
  const { ask, questions } = person('secret')
  const keys = [locked.file, sshd.userKey.file, join(sshd.folder, 'missing')]
  await logIn({ ...target, keys }, ask)
  expect(questions).toEqual([])
  writeFileSync(join(sshd.folder, 'user.pub'), locked.public)
  rmSync(`${locked.file}.pub`)
  await logIn({ ...target, keys }, ask)
  expect(questions).toHaveLength(1)
})

test('a locked key that the agent holds is not asked for', async () => {
  const sshd = await startSshd()
  const agent = join(sshd.folder, 'agent')
  const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  await once(child.stdout, 'data')
  const key = makeKey(sshd.folder, 'locked', { passphrase: 'secret' })
  const env = { ...process.env, SSH_AUTH_SOCK: agent }
  writeFileSync(join(sshd.folder, 'askpass'), '#!/bin/sh\necho secret\n', { mode: 0o755 })
  const asking = { ...env, SSH_ASKPASS: join(sshd.folder, 'askpass'), SSH_ASKPASS_REQUIRE: 'force' }
  execFileSync('ssh-add', ['-q', key.file], { env: asking })
  writeFileSync(join(sshd.folder, 'user.pub'), key.public)
  await logIn({ ...sshd.target, key: key.file, onlyKeys: true, agent })
  expect(sshd.logins()).toBe(1)
})

test('of an agent with many keys only the named one is offered, so that a strict server is not tried out', async () => {
  const sshd = await startSshd(['MaxAuthTries 2'])
  const agent = join(sshd.folder, 'agent')
  const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  await once(child.stdout, 'data')
  for (const file of [...Array(6).keys()]
    .map((n) => makeKey(sshd.folder, `other${n}`).file)
    .concat(sshd.userKey.file)) {
    execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: agent } })
  }
  const { key, ...target } = sshd.target
  await logIn({ ...target, keys: [key ?? ''], onlyKeys: true, agent })
  await logIn({ ...target, keys: [key ?? ''], agent })
  await expect(logIn({ ...target, agent })).rejects.toMatchObject({ code: 'auth' })
})

test.each([
  [
    'the public key, as the inventory names it',
    ({ file }: { file: string }) => ({ key: `${file}.pub`, onlyKeys: true }),
  ],
  [
    'the public key, as IdentityFile names it',
    ({ file }: { file: string }) => ({ keys: [`${file}.pub`], onlyKeys: true }),
  ],
  [
    'a private key that is not there, beside its public one',
    ({ file }: { file: string }) => ({ keys: [file], onlyKeys: true }),
  ],
])('an agent signs for %s', async (_, keysOf) => {
  const sshd = await startSshd()
  const agent = join(sshd.folder, 'agent')
  const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  await once(child.stdout, 'data')
  const moved = join(sshd.folder, 'moved')
  copyFileSync(sshd.userKey.file, moved)
  writeFileSync(`${moved}.pub`, sshd.userKey.public)
  execFileSync('ssh-add', ['-q', moved], { env: { ...process.env, SSH_AUTH_SOCK: agent } })
  rmSync(moved)
  const target = { ...sshd.target }
  delete target.key
  await logIn({ ...target, ...keysOf({ file: moved }), agent })
  expect(sshd.logins()).toBe(1)
  execFileSync('ssh-add', ['-q', '-D'], { env: { ...process.env, SSH_AUTH_SOCK: agent }, stdio: 'ignore' })
  await expect(logIn({ ...target, ...keysOf({ file: moved }), agent })).rejects.toMatchObject({ code: 'auth' })
})

test('the key of a security token is refused with the way round', async () => {
  const sshd = await startSshd()
  const file = join(sshd.folder, 'token')
  const field = (text: string | Buffer): Buffer => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(Buffer.byteLength(text))
    return Buffer.concat([size, Buffer.from(text)])
  }
  const blob = Buffer.concat([field('sk-ssh-ed25519@openssh.com'), field(Buffer.alloc(32)), field('ssh:')])
  const count = Buffer.from([0, 0, 0, 1])
  const parts = [
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    count,
    field(blob),
    field(''),
  ]
  const text = Buffer.concat(parts).toString('base64')
  writeFileSync(file, `-----BEGIN OPENSSH PRIVATE KEY-----\n${text}\n-----END OPENSSH PRIVATE KEY-----\n`)
  await expect(logIn({ ...sshd.target, key: file })).rejects.toMatchObject({
    code: 'auth',
    message: expect.stringContaining('security token (sk-…)') as string,
    detail: { hint: expect.stringContaining('without a token') as string },
  })
})

test('host keys: yes refuses a stranger, ask asks, no believes; a changed key is refused by all', async () => {
  const sshd = await startSshd()
  const strict = (hostKeys: Target['hostKeys']): Target => ({ ...sshd.target, hostKeys: hostKeys ?? 'yes' })
  await expect(logIn(strict('yes'))).rejects.toMatchObject({
    code: 'host-key',
    message: expect.stringContaining('which no known_hosts file has') as string,
    detail: { hint: expect.stringContaining('StrictHostKeyChecking yes') as string },
  })
  await expect(logIn(strict('ask'))).rejects.toMatchObject({ code: 'host-key' })
  const no = person('n')
  await expect(logIn(strict('ask'), no.ask)).rejects.toMatchObject({ code: 'host-key' })
  expect(no.questions).toEqual([expect.stringMatching(/^shown: n1 .* shows the new host key ssh-ed25519 SHA256:/)])
  expect(await logIn(strict('ask'), person('yes').ask)).toEqual([expect.stringContaining('new host key')])
  expect(await logIn(strict('yes'))).toEqual([])
  rmSync(sshd.target.knownHosts)
  expect(await logIn(strict('no'))).toHaveLength(1)
  const { port } = sshd.target
  writeFileSync(sshd.target.knownHosts, `[127.0.0.1]:${port} ${makeKey(sshd.folder, 'x').public}`)
  for (const policy of ['no', 'ask', 'accept-new', 'yes'] as const) {
    await expect(logIn(strict(policy), person('y').ask)).rejects.toMatchObject({ code: 'host-key' })
  }
})

test('a key that a file of the system’s knows, and a new one that is written as a hash', async () => {
  const sshd = await startSshd()
  const { port, knownHosts } = sshd.target
  const system = join(sshd.folder, 'system')
  writeFileSync(system, `[127.0.0.1]:${port} ${sshd.hostKey.public}`)
  expect(await logIn({ ...sshd.target, moreKnownHosts: [system], hostKeys: 'yes' })).toEqual([])
  expect(await logIn({ ...sshd.target, hashKnownHosts: true })).toHaveLength(1)
  expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|\S+\|\S+ ssh-ed25519 \S+\n$/)
  const found = execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${port}`, '-f', knownHosts], { encoding: 'utf8' })
  expect(found).toContain(`found: line 1`)
  expect(await logIn({ ...sshd.target, hostKeys: 'yes' })).toEqual([])
})

/** A stand-in for a bastion that wants a code: a server of ssh2, since sshd asks for such through PAM only. */
async function bastionWithCode(): Promise<{ target: Target; logins: () => number }> {
  const { folder, target }: { folder: string; target: Target } = await rootlessNode()
  let logins = 0
  const server = new ssh2.Server({ hostKeys: [makeKey(folder, 'bastion').private] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt([{ prompt: '\u001b[31mCode: ', echo: false }], 'Two factors\n', (answers) => {
        if (answers?.[0] !== '123456') return context.reject(['keyboard-interactive'])
        logins++
        context.accept()
      })
    })
    client.on('tcpip', (accept, _reject, { destPort }) => {
      const channel = accept()
      const socket = dial(destPort, '127.0.0.1')
      socket.on('error', () => channel.end())
      channel.on('error', () => socket.destroy())
      socket.pipe(channel).pipe(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const keyless = { ...target }
  delete keyless.key
  return { target: { ...keyless, name: 'bastion', port, knownHosts: join(folder, 'known') }, logins: () => logins }
}

test('a code is asked for once per bastion, however many machines are behind it, and the clock waits for it', async () => {
  const bastion = await bastionWithCode()
  const node = await rootlessNode()
  const bastions = new Bastions()
  const questions: string[] = []
  const ask: Ask = async (question) => {
    questions.push(question)
    await sleep(1500)
    return '123456'
  }
  const sessions = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      session({ ...node.target, name: `n${i}`, via: { jump: bastion.target } }, { bastions, ask, deadlineMs: 1200 }),
    ),
  )
  expect(
    (await Promise.all(sessions.map((each) => each.run('echo in')))).every(({ stdout }) => stdout === 'in\n'),
  ).toBe(true)
  expect(questions).toEqual([`op@127.0.0.1:${bastion.target.port}: Two factors \u001b[31mCode: `])
  expect(bastion.logins()).toBe(1)
})

test('nobody to ask: a refusal that says what was tried', async () => {
  const { target } = await bastionWithCode()
  await expect(logIn(target)).rejects.toMatchObject({
    code: 'auth',
    message: expect.stringContaining('there is nothing to log in with') as string,
  })
  await expect(logIn({ ...target, password: () => Promise.resolve('x') })).rejects.toMatchObject({
    code: 'auth',
    message: expect.stringContaining('(tried password)') as string,
  })
})
