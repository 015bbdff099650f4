import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { kcharmClient } from './clients.ts'
import type { Fleet, Node } from './fleet.ts'
import { type Client, compare, measure } from './measure.ts'
import { asMs, asRatio, type Table } from './report.ts'
import { DOWNLOAD, TEMPLATE } from './ten-steps/steps.ts'

const STEPS = join(__dirname, '../../test/bench/ten-steps')
const NODES = 10
const DELAY_MS = 50

/** Ten steps that have nothing to do, the same with each tool; and kcharm's own bundle beside them. */
export async function withPeers(fleet: Fleet, rounds: number): Promise<Table> {
  const versions = ['', versionOf('pyinfra'), versionOf('ansible-playbook'), '']
  await fleet.delay(0)
  const nodes = await fleet.start(NODES, { plain: true })
  const work = prepare(fleet.folder)
  const kcharm = await kcharmSteps(fleet.folder, nodes)
  const others = [pyinfra(work, nodes), ansible(work, nodes)]
  for (const { client, changes } of others) {
    const { said } = await measure(client)
    if (changes.test(said)) throw new Error(`${client.program} has changed something:\n${said}`)
  }
  const own = await fleet.deployed(NODES)
  await fleet.delay(DELAY_MS)
  const clients = [kcharm, ...others.map(({ client }) => client), own.kcharm]
  const measured = await compare(clients, Math.min(rounds, 3))
  const [least] = measured
  const names = ['kcharm, ten steps', 'pyinfra, ten steps', 'Ansible, ten steps', 'kcharm, containerd and Kata']
  const rows = measured.map(({ ms }, index) => {
    return [names[index] ?? '', versions[index] ?? '', asMs(ms), asRatio(ms / (least?.ms ?? NaN))]
  })
  const title = `Ten steps that have nothing to do on ${NODES} nodes, round trip ${DELAY_MS} ms`
  return { title, head: ['', 'version', 'time', 'times kcharm'], rows }
}

interface Work {
  folder: string
  /** Holds what the steps are made from. */
  here: string
  sha256: string
}

interface Other {
  client: Client
  /** What it says when it has changed something. */
  changes: RegExp
}

function prepare(folder: string): Work {
  const here = join(folder, 'ten-steps')
  mkdirSync(here)
  writeFileSync(join(here, 'three.j2'), TEMPLATE.text)
  writeFileSync(join(here, 'download.txt'), DOWNLOAD)
  const sha256 = createHash('sha256').update(DOWNLOAD).digest('hex')
  const ten = { charm: 'ten', to: 'all', resources: { download: { path: join(here, 'download.txt'), sha256 } } }
  writeFileSync(join(folder, 'ten.yaml'), stringify({ applications: { ten } }))
  return { folder, here, sha256 }
}

/** Makes the ten things, and then keeps V8's code of a run that has nothing to do, as the build does. */
async function kcharmSteps(folder: string, nodes: Node[]): Promise<Client> {
  const ports = nodes.map(({ port }) => port)
  const program = join(__dirname, 'kcharm/bin/run.cjs')
  const client = kcharmClient({ folder, ports, bundle: 'ten.yaml', program })
  await measure(client)
  await measure({ ...client, env: { ...client.env, KCHARM_KEEP_CODE: '1' } })
  return client
}

function pyinfra({ folder, here, sha256 }: Work, nodes: Node[]): Other {
  const login = { ssh_user: 'root', ssh_key: join(folder, 'key'), ssh_known_hosts_file: join(folder, 'known_hosts') }
  const hosts = nodes.map(({ port, root }, index) => {
    const data = { ssh_hostname: '127.0.0.1', ssh_port: port, ...login, top: root, here, sha256 }
    return `    ("m${index}", ${JSON.stringify(data)}),`
  })
  const inventory = join(here, 'inventory.py')
  writeFileSync(inventory, `nodes = [\n${hosts.join('\n')}\n]\n`)
  const argv = ['-y', inventory, join(STEPS, 'deploy.py')]
  return { client: { program: 'pyinfra', argv }, changes: /\] Success/ }
}

/** Pipelined, all nodes at once, and each run with connections of its own. */
function ansible({ folder, here, sha256 }: Work, nodes: Node[]): Other {
  const hosts = Object.fromEntries(
    nodes.map(({ port, root }, index) => [
      `m${index}`,
      { ansible_port: port, ansible_remote_tmp: join(root, 'tmp'), top: root, here, sha256 },
    ]),
  )
  const login = { ansible_host: '127.0.0.1', ansible_user: 'root', ansible_ssh_private_key_file: join(folder, 'key') }
  const vars = { ...login, ansible_python_interpreter: '/usr/bin/python3', greeting: 'hello' }
  const inventory = join(here, 'inventory.yaml')
  writeFileSync(inventory, stringify({ all: { hosts, vars } }))
  const script = join(here, 'ansible.sh')
  writeFileSync(script, `#!/bin/sh\nANSIBLE_SSH_CONTROL_PATH_DIR=$(mktemp -d) exec ansible-playbook -f ${NODES} "$@"\n`)
  chmodSync(script, 0o755)
  const known = `-o UserKnownHostsFile=${join(folder, 'known_hosts')}`
  const env = {
    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_SSH_ARGS: `${known} -o ControlMaster=auto -o ControlPersist=10s`,
    TMPDIR: here,
  }
  const argv = ['-i', inventory, join(STEPS, 'playbook.yaml')]
  return { client: { program: script, argv, env }, changes: /changed=[1-9]/ }
}

function versionOf(program: string): string {
  try {
    return /\d+(\.\d+)+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0] ?? ''
  } catch (cause) {
    throw new Error(`no ${program} in PATH: python3 -m venv V && V/bin/pip install pyinfra ansible-core`, { cause })
  }
}
