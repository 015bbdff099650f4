import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from '../../lib/ssh/connect.ts'
import type { Target } from '../../lib/ssh/target.ts'
import { startSshd, type Sshd } from './sshd.ts'
import { makeKey } from './workspace.ts'

/** Logs in and out; what was said to people. */
async function logIn(target: Target): Promise<string[]> {
  const said: string[] = []
  const connection = await connect(target, { deadlineMs: 20_000, say: (line) => said.push(line) })
  connection.end()
  return said
}

function entry(sshd: Sshd, publicKey: string): string {
  return `[127.0.0.1]:${sshd.target.port} ${publicKey.split(' ').slice(0, 2).join(' ')}\n`
}

function fingerprint(file: string): string {
  return execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? ''
}

test('an unknown key is written down and said in one line, and known from then on', async () => {
  const sshd = await startSshd()
  const target = { ...sshd.target, knownHosts: join(sshd.folder, 'new', 'known_hosts') }
  const where = `127.0.0.1:${target.port}`
  expect(await logIn(target)).toEqual([
    `n1: new host key ssh-ed25519 ${fingerprint(sshd.hostKey.file)} of ${where} written to ${target.knownHosts}`,
  ])
  expect(readFileSync(target.knownHosts, 'utf8')).toBe(entry(sshd, sshd.hostKey.public))
  expect(statSync(target.knownHosts).mode & 0o777).toBe(0o600)
  expect(await logIn(target)).toEqual([])
  expect(readFileSync(target.knownHosts, 'utf8')).toBe(entry(sshd, sshd.hostKey.public))
})

test('OpenSSH accepts what was written', async () => {
  const sshd = await startSshd()
  await logIn(sshd.target)
  const { port, user, knownHosts } = sshd.target
  const strict = [
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    `UserKnownHostsFile=${knownHosts}`,
    '-o',
    'BatchMode=yes',
    '-F',
    'none',
  ]
  const output = execFileSync('ssh', [
    ...strict,
    '-i',
    sshd.userKey.file,
    '-p',
    String(port),
    `${user}@127.0.0.1`,
    'echo in',
  ])
  expect(output.toString()).toBe('in\n')
})

test('a file without a newline at its end is not damaged', async () => {
  const sshd = await startSshd()
  writeFileSync(sshd.target.knownHosts, '# mine')
  await logIn(sshd.target)
  expect(readFileSync(sshd.target.knownHosts, 'utf8')).toBe(`# mine\n${entry(sshd, sshd.hostKey.public)}`)
})

test('a changed key is fatal: both keys, file and line, and the command that forgets the old one', async () => {
  const sshd = await startSshd()
  const old = makeKey(sshd.folder, 'old')
  const { knownHosts, port } = sshd.target
  const before = `# mine\n${entry(sshd, old.public)}`
  writeFileSync(knownHosts, before)
  await expect(logIn(sshd.target)).rejects.toMatchObject({
    code: 'host-key',
    message:
      `n1 (127.0.0.1:${port}) showed the host key ssh-ed25519 ${fingerprint(sshd.hostKey.file)}; ` +
      `${knownHosts}:2 knows ssh-ed25519 ${fingerprint(old.file)}`,
    detail: {
      machine: 'n1',
      hint: `if the machine was set up anew, forget the old key: ssh-keygen -R '[127.0.0.1]:${port}' -f ${knownHosts}`,
    },
  })
  expect(readFileSync(knownHosts, 'utf8')).toBe(before)
  expect(sshd.logins()).toBe(0)
  execFileSync('ssh-keygen', ['-q', '-R', `[127.0.0.1]:${port}`, '-f', knownHosts], { stdio: 'ignore' })
  expect(await logIn(sshd.target)).toHaveLength(1)
})

test('a revoked key is fatal, even when it is known', async () => {
  const sshd = await startSshd()
  const known = entry(sshd, sshd.hostKey.public)
  writeFileSync(sshd.target.knownHosts, `${known}@revoked * ${sshd.hostKey.public}`)
  await expect(logIn(sshd.target)).rejects.toMatchObject({
    code: 'host-key',
    message: expect.stringContaining(`which ${sshd.target.knownHosts}:2 marks as revoked`) as string,
  })
  expect(sshd.logins()).toBe(0)
})

test('a host that only an authority vouches for is refused with the way out, not accepted as new', async () => {
  const sshd = await startSshd()
  writeFileSync(sshd.target.knownHosts, `@cert-authority * ${makeKey(sshd.folder, 'authority').public}`)
  await expect(logIn(sshd.target)).rejects.toMatchObject({
    code: 'host-key',
    message: expect.stringContaining(`only by the certificate authority in ${sshd.target.knownHosts}:1`) as string,
    detail: { hint: expect.stringContaining('ssh-keyscan') as string },
  })
})

test('a host that is known by its RSA key is asked for that key', async () => {
  const sshd = await startSshd([], { hostKeyType: 'rsa' })
  const ed25519 = makeKey(sshd.folder, 'ed25519')
  const both = await startSshd([`HostKey ${ed25519.file}`, `HostKey ${sshd.hostKey.file}`])
  writeFileSync(both.target.knownHosts, entry(both, sshd.hostKey.public))
  expect(await logIn(both.target)).toEqual([])
})

test('a known_hosts that cannot be written or read is named', async () => {
  const sshd = await startSshd()
  const blocked = join(sshd.folder, 'blocked')
  mkdirSync(blocked)
  await expect(logIn({ ...sshd.target, knownHosts: blocked })).rejects.toMatchObject({
    code: 'host-key',
    message: `n1: the known_hosts file cannot be read: ${blocked}`,
  })
  // A link into a folder that is not there: not even root can write through it.
  const dangling = join(sshd.folder, 'dangling')
  symlinkSync(join(sshd.folder, 'none', 'known_hosts'), dangling)
  await expect(logIn({ ...sshd.target, knownHosts: dangling })).rejects.toMatchObject({
    code: 'host-key',
    message: `n1: its new host key cannot be written to ${dangling}`,
  })
  expect(sshd.logins()).toBe(0)
})
