import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Target } from '../../lib/ssh/target.ts'
import { session } from '../ssh/sessions.ts'
import { startSshd, type Sshd } from '../ssh/sshd.ts'
import { workspace } from '../ssh/workspace.ts'

/**
 * Real logins of real users through sshd and sudo. The users exist in a mount namespace of that sshd only: its
 * /etc/passwd, /etc/shadow, /etc/sudoers and /run are its own, those of the machine are not touched. As root.
 */
interface User {
  name: string
  shell: string
}

const OP: User = { name: 'op', shell: '/bin/bash' }

interface Surroundings {
  sudoers?: string
  /** The user's; without it there is none. */
  password?: string
  /** Lines of sshd_config. */
  config?: string[]
}

async function sshdWith(user: User, { sudoers, password, config = [] }: Surroundings = {}): Promise<Sshd> {
  const folder = workspace()
  const home = join(folder, 'home')
  mkdirSync(home)
  chownSync(home, 61000, 61000)
  const own = (name: string, text: string, mode: number): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return `mount --bind ${file} /etc/${name}`
  }
  const hash = password === undefined ? '*' : execFileSync('openssl', ['passwd', '-6', password]).toString().trim()
  const rule = sudoers ?? `${user.name} ALL=(ALL) NOPASSWD: ALL`
  const entry = `${user.name}:x:61000:61000::${home}:${user.shell}\n`
  const steps = [
    own('passwd', readFileSync('/etc/passwd', 'utf8') + entry, 0o644),
    own('group', `${readFileSync('/etc/group', 'utf8')}${user.name}:x:61000:\n`, 0o644),
    own('shadow', `${readFileSync('/etc/shadow', 'utf8')}${user.name}:${hash}:19000:0:99999:7:::\n`, 0o600),
    own('sudoers', `Defaults logfile=${folder}/sudo.log, iolog_dir=${folder}/sudo-io\n${rule}\n`, 0o440),
    'mount -t tmpfs tmpfs /run',
    'mkdir /run/sshd',
  ]
  const sshd = await startSshd(config, {
    around: ['unshare', '-m', 'sh', '-c', `${steps.join(' && ')} && exec "$@"`, 'sh'],
  })
  return { ...sshd, folder, target: { ...sshd.target, user: user.name } }
}

describe.each(['/bin/dash', '/bin/bash', '/usr/bin/zsh', '/usr/bin/fish', '/bin/tcsh'])('login shell %s', (shell) => {
  test('works as root through sudo, beside noisy startup files', async () => {
    const sshd = await sshdWith({ name: 'op', shell })
    for (const file of ['.bashrc', '.zshenv', '.tcshrc', '.cshrc', '.profile']) {
      writeFileSync(join(sshd.folder, 'home', file), 'echo welcome\n')
    }
    mkdirSync(join(sshd.folder, 'home/.config/fish'), { recursive: true })
    writeFileSync(join(sshd.folder, 'home/.config/fish/config.fish'), 'echo welcome\n')
    const node = await session(sshd.target, { sudo: 'auto' })
    expect(await node.run(`id -u; echo "it's \\$HOME ! $((1 + 1))"; exit 3`)).toEqual({
      status: 3,
      stdout: "0\nit's $HOME ! 2\n",
      stderr: '',
    })
    const to = join(sshd.folder, "o'dd !1")
    await node.upload({ data: Buffer.from('whole') }, to)
    expect(readFileSync(to, 'utf8')).toBe('whole')
    expect(sshd.execs()).toBe(2)
    const plain = await session(sshd.target, { sudo: false })
    expect((await plain.run('id -u')).stdout).toBe('61000\n')
  })
})

test('sudo logs nothing of what is done', async () => {
  const sshd = await sshdWith(OP)
  const node = await session(sshd.target, { sudo: 'auto' })
  await node.run('echo top-secret')
  await node.upload({ data: Buffer.from('x') }, join(sshd.folder, 'secret-name'))
  const text = readFileSync(join(sshd.folder, 'sudo.log'), 'utf8').replace(/\s+/g, ' ')
  expect(text).toContain('COMMAND=/usr/bin/sh -s')
  expect(text).not.toContain('secret')
})

test.each([
  ['a password is needed', `op ALL=(ALL) ALL`, 'sudo: a password is required'],
  ['nothing is allowed', '', 'sudo: a password is required'],
  [
    'a terminal is needed',
    `Defaults requiretty\nop ALL=(ALL) NOPASSWD: ALL`,
    'sudo: sorry, you must have a tty to run sudo',
  ],
  ['only some commands', 'op ALL=(ALL) NOPASSWD: /usr/bin/true', 'sudo: a password is required'],
])('sudo refuses: %s', async (_, sudoers, words) => {
  const node = await session((await sshdWith(OP, { sudoers })).target, { sudo: 'auto' })
  await expect(node.run('true')).rejects.toMatchObject({
    code: 'auth',
    message: `n1: sudo without a password is needed for op and was refused:\n${words}`,
  })
})

test.each(['', 'Defaults use_pty\n', 'Defaults targetpw\n', 'Defaults log_output\n'])(
  'lock and release through sudo: %s',
  async (defaults) => {
    const sshd = await sshdWith(OP, { sudoers: `${defaults}op ALL=(ALL) NOPASSWD: ALL` })
    const [ann, bob] = [await session(sshd.target, { sudo: 'auto' }), await session(sshd.target, { sudo: 'auto' })]
    await ann.lock('ann')
    expect((await ann.run('cat; echo ünï; id -u')).stdout).toBe('ünï\n0\n')
    await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked', message: 'n1 is in use by ann' })
    await ann.close()
    await bob.lock('bob')
    expect((await bob.run('head -n 1 /run/kcharm/lock')).stdout).toBe('bob\n')
  },
)

test('a step goes on to its end when sshd has lost the operator', async () => {
  const sshd = await sshdWith(OP)
  const node = await session(sshd.target, { sudo: 'auto' })
  await node.lock('ann')
  const step = node.run(`echo up; until [ -e ${sshd.folder}/go ]; do sleep 0.05; done; : >${sshd.folder}/done`, {
    onLine: () => void node.close(),
  })
  await expect(step).rejects.toThrow('connection lost')
  const bob = await session(sshd.target, { sudo: 'auto' })
  await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked' })
  writeFileSync(join(sshd.folder, 'go'), '')
  await vi.waitFor(() => bob.lock('bob'), { timeout: 20_000 })
  expect(existsSync(join(sshd.folder, 'done'))).toBe(true)
})

describe('sudo with a password', () => {
  const PASSWORD = 'right "$(horse)\\ battery'
  const asks = 'op ALL=(ALL) ALL'
  const giving = (text: string) => ({ sudo: { password: () => Promise.resolve(text) } })

  test.each([
    ['by default', ''],
    ['use_pty', 'Defaults use_pty\n'],
    ['a lecture before it', 'Defaults lecture=always\n'],
    ['another prompt in sudoers', 'Defaults passprompt_override, passprompt="secret, %u: "\n'],
  ])('is given when sudo asks, and to nobody else: %s', async (_, defaults) => {
    const sshd = await sshdWith(OP, { sudoers: `${defaults}${asks}`, password: PASSWORD })
    const node = await session(sshd.target, giving(PASSWORD))
    expect(await node.run('id -u; read -r line; echo "[$line]"')).toMatchObject({ stdout: '0\n[]\n' })
    const to = join(sshd.folder, 'file')
    await node.upload({ data: Buffer.from('whole\n') }, to)
    expect(readFileSync(to, 'utf8')).toBe('whole\n')
    const processes = (await node.run('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" " "'))
      .stdout
    expect(processes).toContain('sudo -S')
    expect(processes).not.toContain('battery')
    expect(readFileSync(join(sshd.folder, 'sudo.log'), 'utf8')).not.toContain('battery')
  })

  test('does not reach the command where sudo does not ask for it', async () => {
    const sshd = await sshdWith(OP, { password: PASSWORD })
    const node = await session(sshd.target, giving('unused secret'))
    expect(await node.run('id -u; read -r line; echo "[$line]"')).toMatchObject({ stdout: '0\n[]\n', stderr: '' })
    const to = join(sshd.folder, 'file')
    await node.upload({ data: Buffer.from('whole\n') }, to)
    expect(readFileSync(to, 'utf8')).toBe('whole\n')
  })

  test('a wrong one is refused after one try', async () => {
    const sshd = await sshdWith(OP, { sudoers: asks, password: PASSWORD })
    const error: unknown = await session(sshd.target, giving('wrong secret')).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'auth', message: 'n1: sudo refused the password for op' })
    expect(JSON.stringify(error)).not.toContain('wrong secret')
  })

  test('of root under targetpw: the hint says so', async () => {
    const sshd = await sshdWith(OP, { sudoers: `Defaults targetpw\n${asks}`, password: PASSWORD })
    await expect(session(sshd.target, giving(PASSWORD))).rejects.toMatchObject({
      code: 'auth',
      detail: { hint: expect.stringContaining('targetpw') as string },
    })
  })

  test('requiretty: what sudo says is shown', async () => {
    const sshd = await sshdWith(OP, { sudoers: `Defaults requiretty\n${asks}`, password: PASSWORD })
    await expect(session(sshd.target, giving(PASSWORD))).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringContaining('you must have a tty') as string,
    })
  })
})

describe('logins without a key', () => {
  const PASSWORD = 'open sesame'
  const withoutKey = ({ target }: Sshd): Target => {
    const keyless = { ...target }
    delete keyless.key
    return keyless
  }

  test('by password', async () => {
    const sshd = await sshdWith(OP, { password: PASSWORD, config: ['KbdInteractiveAuthentication no'] })
    const target = { ...withoutKey(sshd), password: () => Promise.resolve(PASSWORD) }
    expect((await (await session(target)).run('id -u')).stdout).toBe('61000\n')
    const wrong = { ...target, password: () => Promise.resolve('wrong') }
    await expect(session(wrong)).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringContaining('(tried password)') as string,
    })
  })

  test('keyboard-interactive, through PAM, by the password that the inventory names or by asking', async () => {
    const config = ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PasswordAuthentication no']
    const sshd = await sshdWith(OP, { password: PASSWORD, config })
    const named = { ...withoutKey(sshd), password: () => Promise.resolve(PASSWORD) }
    expect((await (await session(named)).run('id -u')).stdout).toBe('61000\n')
    const questions: string[] = []
    const ask = (question: string, { hidden }: { hidden: boolean }) => {
      questions.push(`${hidden} ${question}`)
      return Promise.resolve(questions.length === 1 ? 'wrong' : PASSWORD)
    }
    expect((await (await session(withoutKey(sshd), { ask })).run('id -u')).stdout).toBe('61000\n')
    const where = `op@127.0.0.1:${sshd.target.port}`
    expect(questions).toEqual(Array(2).fill(`true ${where}: Password: `))
  })

  test('a key and then a second factor', async () => {
    const config = [
      'UsePAM yes',
      'KbdInteractiveAuthentication yes',
      'AuthenticationMethods publickey,keyboard-interactive',
    ]
    const sshd = await sshdWith(OP, { password: PASSWORD, config })
    const ask = () => Promise.resolve(PASSWORD)
    expect((await (await session(sshd.target, { ask })).run('id -u')).stdout).toBe('61000\n')
    await expect(session(sshd.target)).rejects.toMatchObject({ code: 'auth' })
  })
})
