import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../charms/containerd/toml/index.ts'
import { makeStandInKata } from '../../lib/lab/index.ts'
import { changesIn, newOperator, type Operator, statusesIn } from './support/cli.ts'
import { criStatus } from './support/containerd.ts'
import { KATA } from './support/bundles.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { installRancher, type Rancher, RANCHER_FILES, rancherFolder, rancherPrograms } from './support/rancher.ts'
import { changes, RECORDS, type Standing, standingOf } from './support/standing.ts'

const NODES: Record<'k3s' | 'rke2', Rancher> = {
  k3s: { flavour: 'k3s', service: 'k3s' },
  rke2: { flavour: 'rke2', service: 'rke2-server' },
}
const names = ['k3s', 'rke2'] as const
const SOCKET = 'run/k3s/containerd/containerd.sock'

let lab: TestLab
let operator: Operator
const before = new Map<string, Standing>()

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-rancher', nodes: [...names, 'other'].map((name) => ({ name })) })
  for (const node of names) {
    await installRancher(lab, node, NODES[node])
    before.set(node, await standing(node))
  }
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('both get the handlers of a related Kata, and their own daemon has them', async () => {
  const done = await deploy()
  expect(statusesIn(done)).toEqual(['containerd/0 active', 'containerd/1 active', 'kata/0 active', 'kata/1 active'])
  for (const [index, node] of names.entries()) {
    const drop = `${rancherFolder(NODES[node])}/config-v3.toml.d`
    expect(changesIn(done).filter((key) => key.startsWith(`containerd/${index} `))).toEqual([
      `containerd/${index} dir:${drop}`,
      `containerd/${index} file:${drop}/50-kcharm.toml`,
      `containerd/${index} svc:${NODES[node].service}`,
    ])
    await hasHandler(node)
  }
})

test('a deploy more changes nothing', async () => {
  const { result, sessions } = await lab.counted(() => deploy())
  expect(changesIn(result)).toEqual([])
  for (const node of names) expect(sessions[node]).toEqual({ connections: 1, channels: 1 })
})

test.each(names)('%s renders its configuration anew, and the handlers are still there', async (node) => {
  const file = join(await lab.root(node), rancherFolder(NODES[node]), 'config.toml')
  await writeFile(file, `${await readFile(file, 'utf8')}# by hand\n`)
  await lab.sh(node, `systemctl restart ${NODES[node].service}`)
  expect(await readFile(file, 'utf8')).not.toContain('# by hand')
  await hasHandler(node)
  expect(changesIn(await deploy())).toEqual([])
})

test('the actions ask their daemon', async () => {
  for (const unit of ['containerd/0', 'containerd/1']) {
    expect(await answer(unit, 'plugins')).toMatchObject({ ok: true })
    expect(await answer(unit, 'images')).toMatchObject({ ok: true, result: [] })
    expect(await answer(unit, 'deprecations')).toMatchObject({ says: expect.stringMatching(/deprecated/) as string })
  }
  const smoke = await answer('kata/0', 'smoke')
  expect(smoke).toMatchObject({ ok: false, result: { runtime: KATA.shim } })
})

test('what they decide themselves is refused by name, and nothing is changed', async () => {
  const refused = await deploy('systemd_cgroup: "true", limit_nofile: "1024"', 8)
  expect(changesIn(refused)).toEqual([])
  expect(refused.units?.find(({ unit }) => unit === 'containerd/0')?.message).toBe(
    'k3s decides about systemd_cgroup, limit_nofile itself',
  )
  expect(changesIn(await deploy())).toEqual([])
})

test('removal ends where it began', async () => {
  await removeBoth()
  for (const node of names) {
    expect([node, ...changes(must(node), await standing(node))]).toEqual([node])
    expect(await handlers(node)).toEqual(['runc'])
  }
})

describe('an older k3s, which imports no folder', () => {
  const template = () => lab.root('k3s').then((root) => join(root, rancherFolder(NODES.k3s), 'config-v3.toml.tmpl'))
  const folder = `${rancherFolder(NODES.k3s)}/config-v3.toml.d`

  test('is refused with the template that would help', async () => {
    await lab.sh('k3s', 'echo IMPORTS=none >/etc/default/k3s; systemctl restart k3s')
    const refused = (await deployOn('k3s', 8)).units?.find(({ unit }) => unit === 'containerd/0')
    expect(refused?.message).toContain(`does not import ${folder}/*.toml`)
    expect(refused).toMatchObject({ hint: expect.stringContaining(`imports = ["${folder}/*.toml"]`) as string })
  })

  test('gets its handlers with that template', async () => {
    await writeFile(await template(), `imports = ["${folder}/*.toml"]\n{{ template "base" . }}\n`)
    await lab.sh('k3s', 'systemctl restart k3s')
    await deployOn('k3s', 0)
    await hasHandler('k3s')
    await removeBoth()
    await lab.sh('k3s', `rm /etc/default/k3s ${rancherFolder(NODES.k3s)}/config-v3.toml.tmpl; systemctl restart k3s`)
    expect(changes(must('k3s'), await standing('k3s'))).toEqual([])
  })
})

test.each([
  ['k0s', 'k0sworker', '/etc/k0s/containerd.d'],
  ['microk8s', 'snap.microk8s.daemon-containerd', '/var/snap/microk8s/current/args/containerd-template.toml'],
])('%s is recognised, and left alone with the place where handlers last', async (name, service, place) => {
  const unit = `/etc/systemd/system/${service}.service`
  await lab.sh(
    'other',
    `printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >${unit}
    systemctl daemon-reload; systemctl enable -q ${service}`,
  )
  const found = await standing('other')
  const alone = await operator.write('alone.yaml', 'applications: { containerd: { charm: containerd, to: other } }\n')
  const done = await operator.json(8, 'deploy', alone, '-i', lab.lab.inventory, '--yes')
  const [refused] = done.units ?? []
  expect(refused?.message).toBe(
    `the containerd of this machine belongs to ${name}, which writes its configuration itself`,
  )
  expect(refused).toMatchObject({ hint: expect.stringContaining(place) as string })
  expect(changes(found, await standing('other'))).toEqual([])
  await operator.json(0, 'remove', 'containerd', '--yes')
  await lab.sh('other', `systemctl disable -q ${service}; rm ${unit}; systemctl daemon-reload`)
})

/** kata first; what stays of a machine that is refused goes with containerd. */
async function removeBoth(): Promise<void> {
  await operator.run('remove', 'kata', '--yes')
  await operator.json(0, 'remove', 'containerd', '--yes')
}

function standing(node: string): Promise<Standing> {
  return standingOf(lab, node, [...RECORDS, ...RANCHER_FILES])
}

function must(node: string): Standing {
  const found = before.get(node)
  if (found === undefined) throw new Error(`${node} was not looked at`)
  return found
}

/** The handlers of the daemon's whole configuration. */
async function handlers(node: 'k3s' | 'rke2'): Promise<string[]> {
  const rancher = NODES[node]
  const dump = `${rancherPrograms(rancher)}/containerd -c ${rancherFolder(rancher)}/config.toml config dump`
  return Object.keys(readConfig(await lab.sh(node, dump), { path: node }).runtimes ?? {}).sort()
}

/** In the configuration, and in what the running CRI offers the kubelet. */
async function hasHandler(node: 'k3s' | 'rke2'): Promise<void> {
  expect(await handlers(node)).toEqual(['kata-qemu', 'runc'])
  expect((await criStatus(lab, node, SOCKET)).includes(KATA.handler)).toBe(true)
}

async function answer(unit: string, action: string): Promise<unknown> {
  const ran = await operator.run('run', unit, action, '--json')
  return (JSON.parse(ran.stdout) as { units: unknown[] }).units[0]
}

async function bundle(to: string, options: string): Promise<string> {
  const { path, sha256 } = await makeStandInKata()
  return operator.write(
    'bundle.yaml',
    `applications:
  containerd: { charm: containerd, to: ${to}, options: { ${options} } }
  kata:
    charm: kata
    options: { preflight: warn }
    resources: { kata: { path: ${path}, sha256: ${sha256} } }
relations:
  - [kata, containerd]
`,
  )
}

async function deploy(options = '', status = 0) {
  return operator.json(status, 'deploy', await bundle('[k3s, rke2]', options), '-i', lab.lab.inventory, '--yes')
}

async function deployOn(node: string, status: number) {
  return operator.json(status, 'deploy', await bundle(node, ''), '-i', lab.lab.inventory, '--yes')
}
