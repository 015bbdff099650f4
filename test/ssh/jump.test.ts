import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Bastions } from '../../lib/ssh/bastions.ts'
import { hostPattern } from '../../lib/ssh/known-hosts.ts'
import { resolveTarget } from '../../lib/ssh/resolve-target.ts'
import type { Target } from '../../lib/ssh/target.ts'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { freePort, startSshd, type Sshd } from './sshd.ts'

const through = (target: Target, jump: Target): Target => ({ ...target, via: { jump } })

const behind = (sshd: Sshd, name: string): Target => ({ ...sshd.target, name })

/** A port that leads to another, until it is cut, or swallows everything. */
async function cable(to: number): Promise<{ port: number; cut(): void; freeze(): void }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    const other = connect(to, '127.0.0.1')
    sockets.push(socket, other)
    for (const each of [socket, other]) each.on('error', () => undefined)
    socket.pipe(other).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(cut)
  const freeze = (): void => {
    for (const socket of sockets) socket.unpipe().pause()
  }
  return { port: (server.address() as AddressInfo).port, cut, freeze }
}

test('through one bastion', async () => {
  const [bastion, node] = [await startSshd(), await rootlessNode()]
  const opened = await session(through(node.target, behind(bastion, 'bastion')))
  expect((await opened.run('echo in')).stdout).toBe('in\n')
  await opened.close()
  await vi.waitUntil(() => bastion.log.some((line) => line.startsWith('Disconnected from user')))
})

test('through two', async () => {
  const [first, second, node] = [await startSshd(), await startSshd(), await rootlessNode()]
  const target = through(node.target, through(behind(second, 'second'), behind(first, 'first')))
  expect((await (await session(target)).run('echo in')).stdout).toBe('in\n')
  expect([first.logins(), second.logins()]).toEqual([1, 1])
})

test('forty machines behind a bastion share one connection to it', async () => {
  const bastion = await startSshd()
  const node = await rootlessNode()
  const bastions = new Bastions()
  const targets = Array.from({ length: 40 }, (_, i) =>
    through({ ...node.target, name: `n${i}` }, behind(bastion, 'bastion')),
  )
  const sessions = await Promise.all(targets.map((target) => session(target, { bastions })))
  const replies = await Promise.all(sessions.map((each, i) => each.run(`echo ${i}`)))
  expect(replies.map(({ stdout }) => stdout)).toEqual(targets.map((_, i) => `${i}\n`))
  expect(bastion.logins()).toBe(1)
})

test('after the last machine has gone the bastion is entered anew', async () => {
  const [bastion, node, bastions] = [await startSshd(), await rootlessNode(), new Bastions()]
  const target = through(node.target, behind(bastion, 'bastion'))
  for (const times of [1, 2]) {
    const opened = await session(target, { bastions })
    expect((await opened.run('echo in')).stdout).toBe('in\n')
    await opened.close()
    expect(bastion.logins()).toBe(times)
  }
})

test('a bastion that is lost takes its machines with it, and the next one is another', async () => {
  const [bastion, node, bastions] = [await startSshd(), await rootlessNode(), new Bastions()]
  const { port, cut } = await cable(bastion.target.port)
  const jump = { ...behind(bastion, 'bastion'), port }
  const target = through(node.target, jump)
  const opened = await session(target, { bastions })
  const step = opened.run('sleep 30')
  cut()
  await expect(step).rejects.toThrow('n1: connection lost')
  await expect(session(target, { bastions })).rejects.toMatchObject({
    code: 'connection',
    message: `bastion: no SSH connection to 127.0.0.1:${port}: connection refused`,
  })
})

test('a machine that the bastion cannot reach, and a bastion that forwards nothing', async () => {
  const bastion = await startSshd()
  const node = await rootlessNode()
  const port = await freePort()
  await expect(session(through({ ...node.target, port }, behind(bastion, 'bastion')))).rejects.toMatchObject({
    code: 'connection',
    message: `n1: no SSH connection to 127.0.0.1:${port}: bastion says: Connection refused`,
  })
  const closed = await startSshd(['AllowTcpForwarding no'])
  await expect(session(through(node.target, behind(closed, 'bastion')))).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining('bastion says: forwarding is prohibited') as string,
  })
})

test('a bastion that never answers costs no more than the deadline of the login', async () => {
  const bastion = await startSshd()
  const { target } = await rootlessNode()
  const way = await cable(bastion.target.port)
  const jump = {
    ...behind(bastion, 'bastion'),
    port: way.port,
    hostKeyAs: hostPattern('127.0.0.1', bastion.target.port),
  }
  const bastions = new Bastions()
  await session(through(target, jump), { bastions })
  way.freeze()
  await expect(session(through(target, jump), { bastions, deadlineMs: 1500 })).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringMatching(/^n1: no SSH connection to 127\.0\.0\.1:\d+: no answer within 1\.5 s$/) as string,
  })
})

test('host keys behind a bastion are kept by the name that ssh would use', async () => {
  const [bastion, node] = [await startSshd(), await startSshd()]
  const said: string[] = []
  const target = through({ ...node.target, hostKeyAs: 'inner.lan' }, behind(bastion, 'bastion'))
  await (await session(target, { say: (line) => said.push(line) })).run('true')
  expect(readFileSync(node.target.knownHosts, 'utf8')).toMatch(/^inner\.lan ssh-ed25519 \S+\n$/)
  expect(said).toHaveLength(2)
  writeFileSync(node.target.knownHosts, `inner.lan ${bastion.hostKey.public}`)
  await expect(session(target)).rejects.toMatchObject({ code: 'host-key' })
})

test('through a command of the user’s, and what it says when it fails', async () => {
  const node = await rootlessNode()
  const { port } = node.target
  const pipe = `require("net").connect(${port}, "127.0.0.1", function () { this.pipe(process.stdout); process.stdin.pipe(this) })`
  const opened = await session({ ...node.target, via: { command: `${process.execPath} -e '${pipe}'` } })
  expect((await opened.run('echo in')).stdout).toBe('in\n')
  await expect(session({ ...node.target, via: { command: 'sh -c "echo no way >&2; exit 3"' } })).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringMatching(/no SSH connection to .*: the ProxyCommand ended with status 3: no way/s) as string,
  })
})

test('the way is found in ssh_config, each hop by its own section', async () => {
  const [first, second, node] = [await startSshd(), await startSshd(), await rootlessNode()]
  const section = (host: string, { target }: { target: Target }, more: string): string =>
    `Host ${host}\n  HostName 127.0.0.1\n  Port ${target.port}\n  User ${target.user}\n  IdentityFile ${target.key}\n` +
    `  UserKnownHostsFile ${target.knownHosts}\n  ${more}\n`
  const sshConfig = join(node.folder, 'config')
  writeFileSync(
    sshConfig,
    section('first', first, '') +
      section('second', second, 'ProxyJump first') +
      section('inner', node, 'ProxyJump second'),
  )
  const target = await resolveTarget({ name: 'n1', address: 'inner', sshConfig })
  expect((await (await session(target)).run('echo in')).stdout).toBe('in\n')
  expect([first.logins(), second.logins()]).toEqual([1, 1])
})

test('a section for all hosts does not send the bastion through itself; a circle is named', async () => {
  const sshConfig = join((await rootlessNode()).folder, 'config')
  writeFileSync(sshConfig, 'Host *\n  ProxyJump bastion\n')
  const target = await resolveTarget({ name: 'n1', address: 'web', sshConfig })
  expect(target.via).toMatchObject({ jump: { host: 'bastion' } })
  expect((target.via as { jump: Target }).jump.via).toBeUndefined()
  writeFileSync(`${sshConfig}2`, 'Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n')
  await expect(resolveTarget({ name: 'n1', address: 'a', sshConfig: `${sshConfig}2` })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('circle') as string,
  })
})

test.each(['web', 'web.lan'])(
  'a name that ssh would complete from a list is refused, with what to write instead: %s',
  async (address) => {
    const sshConfig = join((await rootlessNode()).folder, 'config')
    writeFileSync(sshConfig, 'CanonicalizeHostname yes\nCanonicalDomains example.org\n')
    await expect(resolveTarget({ name: 'n1', address, sshConfig })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('CanonicalDomains') as string,
      detail: { hint: expect.stringContaining('write the whole name as address') as string },
    })
    expect(await resolveTarget({ name: 'n1', address: 'web.sub.example.org', sshConfig })).toMatchObject({
      host: 'web.sub.example.org',
    })
  },
)

test('the inventory’s own words go before those of ssh_config', async () => {
  const { folder } = await rootlessNode()
  const sshConfig = join(folder, 'config')
  writeFileSync(
    sshConfig,
    `Host web\n User a\n Port 5\n ProxyJump b\n IdentityFile /x\n UserKnownHostsFile /k\n StrictHostKeyChecking yes\n` +
      ` ConnectTimeout 7\n HostKeyAlias Web\n HashKnownHosts yes\n IdentitiesOnly yes\n IdentityAgent /agent\n`,
  )
  const plain = await resolveTarget({ name: 'n1', address: 'web', sshConfig })
  expect(plain).toMatchObject({
    ...{ user: 'a', port: 5, keys: ['/x'], knownHosts: '/k', hostKeys: 'yes', connectTimeoutMs: 7000 },
    ...{ hostKeyAs: 'web', hashKnownHosts: true, onlyKeys: true, agent: '/agent', via: { jump: { host: 'b' } } },
  })
  const given = { user: 'u', port: 6, key: '/key', knownHosts: '/mine', jump: 'none' }
  const own = await resolveTarget({ name: 'n1', address: 'web', sshConfig, ...given })
  expect(own).toMatchObject({ user: 'u', port: 6, key: '/key', knownHosts: '/mine' })
  expect(own.via).toBeUndefined()
  const other = await resolveTarget({ name: 'n1', address: 'web', sshConfig, jump: 'ann@c:7,[::1]:8' })
  expect(other.via).toMatchObject({
    jump: { host: '::1', port: 8, via: { jump: { host: 'c', user: 'ann', port: 7 } } },
  })
})
