import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { applications, KATA, RELATIONS } from './support/bundles.ts'
import { changesIn, newOperator, type Operator, type Result, statusesIn } from './support/cli.ts'
import {
  CONFIG,
  configOf,
  criPlugins,
  type Daemon,
  daemonOf,
  isRuntimeReady,
  runContainer,
} from './support/containerd.ts'
import { systemState } from './support/fingerprint.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, type Standing, standingOf } from './support/standing.ts'

const NODES = ['bookworm', 'trixie', 'adopted', 'archive'] as const
type Node = (typeof NODES)[number]
const NOTHING = { bookworm: [], trixie: [], adopted: [], archive: [] }
const VERSIONS = { bookworm: '1.6.20', trixie: '1.7.24', adopted: '1.7.24', archive: '2.3.7' }

/** What somebody has on the node before kcharm comes. */
const OWN_CONFIG = `# Kept by hand: do not touch.
version = 2
oom_score = -998

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.example/pause:3.9" # our mirror
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = true
`

let lab: TestLab
let operator: Operator
let bundle: string
let before: Record<Node, Standing>

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({
    name: 'e2e-deploy',
    nodes: [
      { name: 'bookworm', base: 'bookworm', tags: ['package'] },
      { name: 'trixie', tags: ['package'] },
      { name: 'adopted', containerd: true, tags: ['package'] },
      { name: 'archive', tags: ['archive'] },
    ],
  })
  await writeFile(join(await lab.root('adopted'), CONFIG), OWN_CONFIG)
  await lab.sh('adopted', 'systemctl restart containerd')
  await lab.sh('archive', 'apt-get -qq install -y --no-install-recommends runc')
  before = await eachNode(standing)
  const apps = await applications(['package', 'archive'])
  bundle = await operator.write(
    'bundle.yaml',
    `${apps}relations:\n  - ${RELATIONS.package}\n  - ${RELATIONS.archive}\n`,
  )
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('a containerd that is as declared is adopted: nothing is written, its process stays, and removal leaves it', async () => {
  const daemon = await daemonOf(lab, 'adopted')
  const target = ['--inventory', lab.lab.inventory, '--to', 'adopted']
  const wish = ['deploy', 'containerd', ...target, '--config', 'restrict_oom_score_adj=false', '--yes']
  const deployed = await operator.json(0, ...wish, '--model', 'adopting')
  expect(changesIn(deployed)).toEqual([])
  expect(statusesIn(deployed)).toEqual(['containerd/0 active'])
  expect(await daemonOf(lab, 'adopted')).toEqual(daemon)
  expect(await configOf(lab, 'adopted')).toBe(OWN_CONFIG)

  const removed = await operator.json(0, 'remove', 'containerd', '--model', 'adopting', '--yes')
  expect(changesIn(removed)).toEqual([])
  expect(await daemonOf(lab, 'adopted')).toEqual(daemon)
  expect(await changedSince(before)('adopted')).toEqual([])
})

test('one bundle deploys both charms on bare nodes, beside what was there, and from an archive', async () => {
  const daemon = await daemonOf(lab, 'adopted')
  const result = await deploy()
  expect(statusesIn(result)).toEqual([
    'containerd-2/0 active',
    'containerd/0 active',
    'containerd/1 active',
    'containerd/2 active',
    'kata-2/0 active',
    'kata/0 active',
    'kata/1 active',
    'kata/2 active',
  ])
  const starts = await eachNode(async (node) => (await daemonOf(lab, node)).starts)
  expect(starts).toEqual({ bookworm: 1, trixie: 1, adopted: daemon.starts + 1, archive: 1 })
})

test.each(NODES)('on %s the wanted containerd runs containers by runc', async (node) => {
  expect(await lab.sh(node, 'containerd --version')).toContain(VERSIONS[node])
  expect(await lab.sh(node, 'systemctl is-active containerd; systemctl is-enabled containerd')).toBe('active\nenabled')
  expect(await runContainer(lab, node)).toBe('process 1 runs')
})

test.each(NODES)('on %s the CRI is healthy, asked past kcharm', async (node) => {
  const plugins = await criPlugins(lab, node)
  const own = node === 'archive' ? ['io.containerd.cri.v1 images ok', 'io.containerd.cri.v1 runtime ok'] : []
  expect(plugins).toEqual([...own, 'io.containerd.grpc.v1 cri ok'])
  expect(await isRuntimeReady(lab, node)).toBe(true)
})

test.each(NODES)('on %s the running daemon knows the Kata handler, and its files are there', async (node) => {
  const handlers = handlersInDump(await lab.sh(node, 'containerd config dump'))
  expect(handlers[KATA.handler]).toMatchObject({ path: KATA.shim, configPath: KATA.config })
  expect(await lab.sh(node, `${KATA.shim} --version`)).toContain('3.20.0')
  expect(await lab.sh(node, `test -r ${KATA.config} && echo there`)).toBe('there')
  expect(await lab.sh(node, 'readlink /opt/kata')).toBe('/opt/kata-3.20.0')
})

test('what was there before keeps its version and every line of its configuration', async () => {
  const system = await systemState(lab, 'adopted')
  expect(system.filter((line) => line.startsWith('package '))).toEqual(
    before.adopted.system.filter((line) => line.startsWith('package ')),
  )
  const lines = ((await configOf(lab, 'adopted')) ?? '').split('\n')
  const kept = OWN_CONFIG.split('\n').filter((line) => line.trim() !== '')
  expect(lines.filter((line) => kept.includes(line))).toEqual(kept)
  const handlers = handlersInDump(await lab.sh('adopted', 'containerd config dump'))
  expect(handlers['runc']).toMatchObject({ systemdCgroup: true })
})

test.each(['root', 'op'] as const)('again, as %s: no changes, one connection and one exec channel', async (user) => {
  const inventory = await inventoryOf(user)
  const daemons = await eachNode((node) => daemonOf(lab, node))
  const was = await eachNode(standing)
  const { result, sessions } = await lab.counted(() => deploy(inventory))
  expect(changesIn(result)).toEqual([])
  expect(sessions).toEqual(await eachNode(() => Promise.resolve({ connections: 1, channels: 1 })))
  expect(await eachNode((node): Promise<Daemon> => daemonOf(lab, node))).toEqual(daemons)
  expect(await eachNode(changedSince(was))).toEqual(NOTHING)
})

test('after removing all, the nodes are as before the deploy', async () => {
  for (const app of ['kata', 'kata-2', 'containerd', 'containerd-2']) await operator.json(0, 'remove', app, '--yes')
  expect(await eachNode(changedSince(before))).toEqual(NOTHING)
  expect(await configOf(lab, 'adopted')).toBe(OWN_CONFIG)
})

function deploy(inventory = lab.lab.inventory): Promise<Result> {
  return operator.json(0, 'deploy', 'bundle', bundle, '--inventory', inventory, '--yes')
}

/** The lab's inventory with another user. */
async function inventoryOf(user: 'root' | 'op'): Promise<string> {
  const text = await readFile(lab.lab.inventory, 'utf8')
  return operator.write(`${user}.yaml`, text.replaceAll('user: root', `user: ${user}`))
}

function standing(node: Node): Promise<Standing> {
  return standingOf(lab, node)
}

function changedSince(was: Record<Node, Standing>): (node: Node) => Promise<string[]> {
  return async (node) => changes(was[node], await standing(node))
}

async function eachNode<T>(read: (node: Node) => Promise<T>): Promise<Record<Node, T>> {
  const [bookworm, trixie, adopted, archive] = await Promise.all([
    read('bookworm'),
    read('trixie'),
    read('adopted'),
    read('archive'),
  ])
  return { bookworm, trixie, adopted, archive }
}
