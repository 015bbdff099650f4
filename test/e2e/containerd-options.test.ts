import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../charms/containerd/toml/index.ts'
import { buildContainerd2 } from '../../lib/lab/index.ts'
import { newOperator, type Operator, type Ran } from './support/cli.ts'
import { CONFIG, configOf, pullImage } from './support/containerd.ts'
import { startCounter } from './support/counter.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, RECORDS, type Standing, standingOf, watched } from './support/standing.ts'

const NODES = ['bookworm', 'adopted', 'archive'] as const
type Node = (typeof NODES)[number]

const CANARY = 'canary-4711'
const BASIC = Buffer.from(`me:${CANARY}`).toString('base64').replaceAll('=', '')
const OLD_PASSWORD = 'canary-of-before'
const MIRROR = 5055
const PROXY = 3155

const REGISTRIES = JSON.stringify([
  {
    host: 'docker.io',
    server: `http://localhost:${MIRROR}`,
    mirrors: [{ url: `http://localhost:${MIRROR}`, username: 'me', password: 'env:KCHARM_TEST_PASSWORD' }],
  },
])

let lab: TestLab
let operator: Operator
/** Each node before kcharm came, and as a bundle without options leaves it. */
const before = new Map<Node, Standing>()
const plain = new Map<Node, Standing>()
/** All that kcharm said. */
const said: string[] = []

beforeAll(async () => {
  process.env['KCHARM_TEST_PASSWORD'] = CANARY
  operator = await newOperator()
  lab = await startLab({
    name: 'e2e-containerd-options',
    nodes: [{ name: 'bookworm', base: 'bookworm' }, { name: 'adopted', containerd: true }, { name: 'archive' }],
  })
  await lab.sh('archive', 'apt-get -qq install -y --no-install-recommends runc')
  const file = join(await lab.root('adopted'), CONFIG)
  const text = await readFile(file, 'utf8')
  const auth = `\n[plugins."io.containerd.grpc.v1.cri".registry.configs."r.example".auth]\n  password = "${OLD_PASSWORD}"\n`
  await writeFile(file, text + auth)
  await lab.sh('adopted', 'systemctl restart containerd')
  for (const node of NODES) before.set(node, await standingOf(lab, node, RECORDS))
})

afterAll(async () => {
  delete process.env['KCHARM_TEST_PASSWORD']
  await lab.down()
  await operator.leave()
})

test('a bundle without options', async () => {
  await deployed({})
  for (const node of NODES) plain.set(node, await standingOf(lab, node, RECORDS))
})

test('all options at once: one restart, and the daemon, systemd and the CRI have them', async () => {
  const done = await watched(lab, NODES, () => deployed(OPTIONS))
  for (const node of NODES) {
    expect([node, done[node]?.restarts]).toEqual([node, 1])
    const facts = readConfig(await lab.sh(node, `containerd -c ${CONFIG} config dump`), { path: node })
    expect(facts).toMatchObject({ pauseImage: 'example/pause:1', registryFolder: '/etc/containerd/certs.d' })
    expect(facts.runtimes?.['runc']).toMatchObject({ type: 'io.containerd.runc.v2', systemdCgroup: true })
    const unit = await lab.sh(node, 'systemctl show -p Environment -p LimitNOFILE containerd')
    expect(unit).toContain(`HTTPS_PROXY=http://localhost:${PROXY}`)
    expect(unit).toContain('NO_PROXY=localhost,127.0.0.0/8,::1,.svc,.cluster.local,10.0.0.0/8')
    expect(unit).toContain('LimitNOFILE=65537')
    expect(await lab.sh(node, 'stat -c %a /etc/containerd/certs.d/docker.io/hosts.toml')).toBe('600')
  }
})

test('a deploy more changes nothing', async () => {
  const done = await watched(lab, NODES, () => deployed(OPTIONS))
  for (const node of NODES) expect(done[node]).toMatchObject({ paths: [], restarts: 0 })
})

test.each(NODES)('%s: a pull goes to the mirror with its credentials, another one through the proxy', async (node) => {
  const [mirror, proxy] = [await startCounter(lab, node, MIRROR), await startCounter(lab, node, PROXY)]
  try {
    await pullImage(lab, node, 'docker.io/library/none:1')
    expect(await mirror.heads()).toMatch(/^(GET|HEAD) \/v2\/library\/none\/manifests\/1\?ns=docker\.io /m)
    expect(await mirror.heads()).toMatch(new RegExp(`^Authorization: Basic ${BASIC}=*\r?$`, 'm'))
    expect(await proxy.heads()).toBe('')
    await pullImage(lab, node, 'elsewhere.example/none:1')
    expect(await proxy.heads()).toMatch(/^CONNECT elsewhere\.example:443 /m)
  } finally {
    await mirror.stop()
    await proxy.stop()
  }
})

test('another password: one file, no restart', async () => {
  process.env['KCHARM_TEST_PASSWORD'] = `${CANARY}-b`
  const done = await watched(lab, NODES, () => deployed(OPTIONS))
  for (const node of NODES) {
    expect(done[node]).toMatchObject({ paths: ['~ /etc/containerd/certs.d/docker.io/hosts.toml'], restarts: 0 })
  }
})

test('a key that the daemon does not know is refused by it, and nothing is left of the attempt', async () => {
  const extra = { ...OPTIONS, extra: { 'plugins."io.containerd.internal.v1.opt".no_such_key': 1 } }
  const done = await watched(lab, NODES, () => deploy(extra))
  for (const node of NODES) expect([node, done[node]?.paths]).toEqual([node, []])
  expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ result: 'unit-failed' })
})

test('the actions answer', async () => {
  for (const node of NODES) {
    const plugins = await operator.run('run', `${node}/0`, 'plugins', '--json')
    expect(JSON.parse(plugins.stdout)).toMatchObject({ units: [{ unit: `${node}/0`, ok: true }] })
    const images = await operator.run('run', `${node}/0`, 'images', '--json')
    expect(JSON.parse(images.stdout)).toMatchObject({ units: [{ ok: true, result: [] }] })
    const list = await operator.run('run', `${node}/0`, 'deprecations', '--json')
    const answers = JSON.parse(list.stdout) as { units: { says: string }[] }
    expect(answers.units[0]?.says).toMatch(node === 'bookworm' ? /keeps no list/ : /deprecated/)
  }
})

test('without options again, each node is as it was without them', async () => {
  const done = await watched(lab, NODES, () => deployed({}))
  for (const node of NODES) {
    expect([node, done[node]?.restarts]).toEqual([node, 1])
    expect(changes(must(plain, node), await standingOf(lab, node, RECORDS))).toEqual([])
  }
})

test('removal leaves each node as it was found', async () => {
  for (const node of NODES) {
    await done(operator.run('remove', node, '--yes', '--json'))
    expect([node, ...changes(must(before, node), await standingOf(lab, node, RECORDS))]).toEqual([node])
  }
})

test('a schema 1 file with CRI disabled is mended by two words, and comes back with the removal', async () => {
  const old = '# ours\ndisabled_plugins = ["cri"] # Docker\n\n[plugins.cri.cni]\n  bin_dir = "/usr/lib/cni"\n'
  await writeFile(join(await lab.root('adopted'), CONFIG), old)
  await lab.sh('adopted', 'systemctl restart containerd')
  const refused = await deploy({})
  expect(refused.stdout).toContain('has no `version` line')
  expect(await configOf(lab, 'adopted')).toBe(old)
  await deployed({ migrate_config: true, enable_cri: true })
  expect(await configOf(lab, 'adopted')).toContain(
    '# ours\nversion = 2 # kcharm\ndisabled_plugins = [] # Docker\n\n[plugins."io.containerd.grpc.v1.cri".cni]\n',
  )
  expect(said.join('\n')).toMatch(/from schema 1 to 2; no setting gets effect by that; none is lost/)
  await done(operator.run('remove', 'adopted', '--yes', '--json'))
  expect(await configOf(lab, 'adopted')).toBe(old)
})

test('no secret was said or written down anywhere', async () => {
  const names = await readdir(operator.folder, { recursive: true, withFileTypes: true })
  const files = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  const texts = await Promise.all(files.map((each) => readFile(each, 'utf8')))
  const logs = await Promise.all(
    NODES.map((node) => lab.sh(node, 'journalctl -q -o cat; cat /var/lib/kcharm/manifest 2>/dev/null || :')),
  )
  const all = [...said, ...texts, ...logs].join('\n')
  expect(all).toContain('hosts.toml')
  for (const secret of [CANARY, BASIC, OLD_PASSWORD]) expect(all.includes(secret), secret).toBe(false)
})

const OPTIONS = {
  systemd_cgroup: 'true',
  sandbox_image: 'example/pause:1',
  https_proxy: `http://localhost:${PROXY}`,
  no_proxy: '[10.0.0.0/8]',
  limit_nofile: '"65537"',
  registries: REGISTRIES,
}

/** A deploy of all nodes with these options, in YAML; gives what it said as JSON and keeps the plan before it as text. */
async function deploy(options: Record<string, unknown>): Promise<Ran> {
  const { path, sha256 } = await buildContainerd2((line) => console.log(line))
  const lines = (more: Record<string, unknown>) =>
    Object.entries({ ...options, ...more }).map(
      ([key, value]) =>
        `      ${key}: ${typeof value === 'string' && !/^[["{]/.test(value) ? JSON.stringify(value) : typeof value === 'string' ? value : JSON.stringify(value)}\n`,
    )
  const app = (node: Node, more: Record<string, unknown> = {}) =>
    `  ${node}:\n    charm: containerd\n    to: ${node}\n    options:\n${lines(more).join('') || '      {}\n'}`
  const resource = `    resources: { containerd: { path: ${path}, sha256: ${sha256} } }\n`
  const text = `applications:\n${app('bookworm')}${app('adopted')}${app('archive', { source: 'archive' })}${resource}`
  const bundle = await operator.write('bundle.yaml', text)
  const place = ['--inventory', lab.lab.inventory]
  keep(await operator.run('plan', bundle, ...place))
  return keep(await operator.run('deploy', bundle, ...place, '--yes', '--json'))
}

async function deployed(options: Record<string, unknown>): Promise<void> {
  await done(deploy(options))
}

async function done(ran: Promise<Ran>): Promise<void> {
  const { status, stdout, stderr } = await ran
  expect(status, stdout + stderr).toBe(0)
}

function keep(ran: Ran): Ran {
  said.push(ran.stderr, ran.stdout)
  return ran
}

function must(standings: Map<Node, Standing>, node: Node): Standing {
  const found = standings.get(node)
  if (found === undefined) throw new Error(`${node} was not looked at`)
  return found
}
