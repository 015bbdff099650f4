import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applications, RELATIONS } from './support/bundles.ts'
import { changesIn, newOperator, type Operator, statusesIn } from './support/cli.ts'
import { startLab, type TestLab } from './support/labs.ts'

const run = promisify(execFile)

/** Each machine but the gate has one route only, to the one through which it is reached: nobody else hears from it. */
const THROUGH = { second: 'gate', inner: 'gate', other: 'gate', deep: 'second' } as const
type Machine = keyof typeof THROUGH
const MACHINES = Object.keys(THROUGH) as Machine[]

/** Of op on `inner`, who becomes root by nothing else. */
const PASSWORD = 'right "$(horse)\\ battery'

let lab: TestLab
let operator: Operator
let sshConfig: string
let bundle: string

beforeAll(async () => {
  operator = await newOperator()
  const found = ['second', 'other', 'deep'].map((name) => ({ name, containerd: true, tags: ['package'] }))
  lab = await startLab({
    name: 'e2e-bastion',
    nodes: [{ name: 'gate' }, { name: 'inner', tags: ['package'] }, ...found],
  })
  const line = Buffer.from(`op:${PASSWORD}\n`).toString('base64')
  await lab.sh('inner', `echo ${line} | base64 -d | chpasswd && echo 'op ALL=(ALL) ALL' >/etc/sudoers.d/op`)
  for (const machine of MACHINES) await leaveOneRoute(machine)
  await operator.write('sudo-password', `${PASSWORD}\n`)
  sshConfig = await operator.write('ssh_config', renderSshConfig())
  bundle = await operator.write(
    'bundle.yaml',
    `${await applications(['package'])}relations:\n  - ${RELATIONS.package}\n`,
  )
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('the machines are reached through the bastion only, and OpenSSH goes the same way', async () => {
  for (const machine of MACHINES) {
    expect(await lab.attempt(machine, 'true')).toMatchObject({ code: 255 })
    expect(await ssh(machine, 'hostname')).toBe(machine)
  }
  await expect(ssh('inner', 'sudo -n true')).rejects.toThrow('a password is required')
})

test('a whole deploy by the jumps of ssh_config, one and two, also where sudo asks for a password', async () => {
  const inventory = await inventoryOf('by-config.yaml', (machine) => ({ address: machine }))
  const { result, sessions } = await lab.counted(() => deploy(0, inventory))
  expect(statusesIn(result)).toEqual(ALL_ACTIVE)
  expect(changesIn(result).filter((change) => / pkg:/.test(change))).toContain('containerd/1 pkg:containerd')
  expect(sessions['gate']).toEqual({ connections: 1, channels: 0 })
  for (const machine of MACHINES) {
    expect(await ssh(machine, 'systemctl is-active containerd; readlink /opt/kata')).toBe('active\n/opt/kata-3.20.0')
  }
})

test('again by the jumps of the inventory: no changes, one connection to the bastion and each machine', async () => {
  const inventory = await inventoryOf('by-jump.yaml', (machine) => ({
    address: nodeOf(machine).ownAddress,
    key: lab.lab.key,
    user: USERS[machine],
    jump: machine === 'deep' ? 'gate,second' : 'gate',
  }))
  const { result, sessions } = await lab.counted(() => deploy(0, inventory))
  expect([changesIn(result), statusesIn(result)]).toEqual([[], ALL_ACTIVE])
  const once = { connections: 1, channels: 1 }
  expect(sessions).toEqual({
    ...{ gate: { connections: 1, channels: 0 }, inner: once, other: once, deep: once },
    second: { connections: 2, channels: 1 }, // once on the way to deep
  })
})

test('the password for sudo is nowhere but in its file, neither here nor there', async () => {
  const files = await readdir(operator.folder, { recursive: true, withFileTypes: true })
  const holding = files.filter((file) => file.isFile() && file.name !== 'sudo-password')
  const texts = await Promise.all(holding.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))
  expect(texts.length).toBeGreaterThan(5)
  expect(texts.filter((text) => text.includes('battery'))).toEqual([])
  const root = await lab.root('inner')
  const { stdout: journal } = await run('chroot', [root, 'journalctl', '--no-pager'], { maxBuffer: 1 << 28 })
  expect(journal).toContain('COMMAND=')
  expect(journal).not.toContain('battery')
  expect(await readFile(join(root, 'var/lib/kcharm/manifest'), 'utf8')).not.toContain('battery')
})

test('a machine with another host key than before is refused alone; what the hint says lets it in again', async () => {
  const was = await ssh('other', 'cat /etc/ssh/ssh_host_ed25519_key.pub')
  await ssh(
    'other',
    `rm /etc/ssh/ssh_host_ed25519_key* && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key && systemctl restart ssh`,
  )
  const text = await readFile(bundle, 'utf8')
  await operator.write('bundle.yaml', text.replace('preflight: warn', 'preflight: warn, shims: [qemu, clh]'))

  const broken = await deploy(10)
  expect(broken.result).toBe('host-key')
  const { ownAddress } = nodeOf('other')
  const message = expect.stringMatching(
    RegExp(
      `^other \\(${ownAddress}:22\\) showed the host key ssh-ed25519 SHA256:\\S+; \\S+known_hosts:\\d+ knows ssh-ed25519 SHA256:`,
    ),
  ) as string
  expect(broken.failed).toEqual([
    { machine: 'other', error: expect.objectContaining({ code: 'host-key', message }) as object },
  ])
  expect(broken.machines?.map(({ machine, changes }) => [machine, changes.length > 0])).toEqual(
    ['second', 'inner', 'deep'].map((machine) => [machine, true]),
  )
  const handlers = (machine: Machine) =>
    lab.root(machine).then((root) => readFile(join(root, 'etc/containerd/config.toml'), 'utf8'))
  for (const machine of ['second', 'inner', 'deep'] as const) expect(await handlers(machine)).toContain('kata-clh')
  expect(await handlers('other')).not.toContain('kata-clh')

  const [, forget = ''] = /(ssh-keygen -R .*)$/.exec(broken.failed?.[0]?.error.hint ?? '') ?? []
  await run('sh', ['-c', forget])
  expect(statusesIn(await deploy(0))).toEqual(ALL_ACTIVE)
  expect(await handlers('other')).toContain('kata-clh')
  expect(await ssh('other', 'cat /etc/ssh/ssh_host_ed25519_key.pub')).not.toBe(was)
})

const ALL_ACTIVE = ['containerd', 'kata'].flatMap((app) => MACHINES.map((_, i) => `${app}/${i} active`))
const USERS: Record<Machine, string> = { second: 'root', inner: 'op', other: 'root', deep: 'root' }

function deploy(status: number, inventory?: string) {
  return operator.json(status, 'deploy', bundle, ...(inventory === undefined ? [] : ['-i', inventory]), '--yes')
}

function nodeOf(name: string) {
  const node = lab.lab.nodes.find((each) => each.name === name)
  if (!node) throw new Error(`no node ${name}`)
  return node
}

/** Done from outside, as the node's own sshd would lose us on the way. */
async function leaveOneRoute(machine: Machine): Promise<void> {
  const neighbours = Object.entries(THROUGH).flatMap(([from, to]) =>
    from === machine ? [to] : to === machine ? [from] : [],
  )
  const routes = neighbours.map((name) => `ip route add ${nodeOf(name).ownAddress} dev eth0`)
  const network = join(dirname(await lab.root(machine)), 'ns/net')
  await run('nsenter', [`--net=${network}`, 'sh', '-c', ['set -e; ip route flush table main', ...routes].join('; ')])
}

function renderSshConfig(): string {
  const common = `Host *\n  IdentityFile ${lab.lab.key}\n  IdentitiesOnly yes\n  StrictHostKeyChecking accept-new\n  UserKnownHostsFile ${operator.folder}/known_hosts\n`
  const { address, port } = nodeOf('gate')
  const gate = `Host gate\n  HostName ${address}\n  Port ${port}\n  User root\n`
  const rest = MACHINES.map(
    (name) =>
      `Host ${name}\n  HostName ${nodeOf(name).ownAddress}\n  User ${USERS[name]}\n  ProxyJump ${THROUGH[name]}\n`,
  )
  return [gate, ...rest, common].join('')
}

/** `of`: how a machine is reached, as ssh_config leaves it open. */
function inventoryOf(file: string, of: (machine: Machine) => object): Promise<string> {
  const machines = MACHINES.map((name) => {
    const sudo = name === 'inner' ? { sudo: 'password', 'sudo-password': `file:${operator.folder}/sudo-password` } : {}
    return { name, tags: ['package'], ...sudo, ...of(name) }
  })
  const known = `${operator.folder}/known_hosts`
  return operator.write(file, JSON.stringify({ 'ssh-config': sshConfig, 'known-hosts': known, machines }))
}

async function ssh(machine: Machine, script: string): Promise<string> {
  const { stdout } = await run('ssh', ['-F', sshConfig, '-o', 'BatchMode=yes', machine, script])
  return stdout.trimEnd()
}
