import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildContainerd2 } from '../../lib/lab/index.ts'
import { changesIn, newOperator, type Operator, type Result, statusesIn } from './support/cli.ts'
import { CONFIG, daemonOf, pullImage, startContainer } from './support/containerd.ts'
import { startCounter } from './support/counter.ts'
import { importImage } from './support/image-tar.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { makeCertificates, startTlsRegistry } from './support/tls-registry.ts'

/** What bites people in the field, on real daemons: 1.7.24 as a package, 2.3.7 from its archive. */
const NODES = ['adopted', 'archive'] as const
const MIRROR = 5056
const TLS = 5057
/** As 2.2.0 writes it by default. */
const TWO_FOLDERS = `version = 3
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
`

let lab: TestLab
let operator: Operator

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-traps', nodes: [{ name: 'adopted', containerd: true }, { name: 'archive' }] })
  await lab.sh('archive', `apt-get -qq install -y --no-install-recommends runc; mkdir -p /etc/containerd`)
  await writeFile(join(await lab.root('archive'), CONFIG), TWO_FOLDERS)
  expect(statusesIn(await deploy({}))).toEqual(['adopted/0 active', 'archive/0 active'])
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('a list of folders would hide the mirrors: one of them is written, and a pull finds the mirror (containerd#12636)', async () => {
  const url = `http://localhost:${MIRROR}`
  await deploy({ registries: [{ host: 'docker.io', server: url, mirrors: [{ url }] }] })
  for (const node of NODES) {
    const mirror = await startCounter(lab, node, MIRROR)
    await pullImage(lab, node, 'docker.io/library/none:1')
    expect(await mirror.heads(), node).toContain('/v2/library/none/manifests/1?ns=docker.io')
    await mirror.stop()
  }
})

test('a registry is checked by the CA that stands with it, and shown the machine’s certificate (containerd#7118)', async () => {
  const url = `https://localhost:${TLS}`
  makeCertificates(operator.folder)
  const file = (name: string) => `file:${join(operator.folder, name)}`
  const mirror = { url, ca: file('server.pem'), client: { cert: file('client.pem'), key: file('client.key') } }
  await deploy({ registries: [{ host: 'r.example', mirrors: [mirror] }] })
  for (const node of NODES) {
    const registry = await startTlsRegistry(lab, node, { folder: operator.folder, port: TLS })
    await pullImage(lab, node, 'r.example/none:1')
    expect(await registry.asked(), node).toContain('the-machine /v2/none/manifests/1?ns=r.example')
    expect(await lab.sh(node, 'stat -c %a /etc/containerd/certs.d/r.example/client-*.key')).toBe('600')
    await registry.stop()
  }
})

test('the pause image is pinned when it comes, so that the kubelet keeps it (kubernetes#81756)', async () => {
  await deploy({ sandbox_image: 'docker.io/example/pause:7' })
  for (const node of NODES) {
    await importImage(lab, node, { name: 'docker.io/example/pause:7', program: { path: 'pause', bytes: 'pause\n' } })
    const pinned = expect.objectContaining({ name: 'docker.io/example/pause:7', pinned: true }) as unknown
    await expect
      .poll(() => answer(node, 'images'), { timeout: 10_000 })
      .toMatchObject({ result: expect.arrayContaining([pinned]) as unknown })
  }
})

describe('the cgroup driver', () => {
  test('is not changed under a running container (containerd#4857)', async () => {
    for (const node of NODES) await startContainer(lab, node, { name: 'long', script: 'while :; do sleep 1; done' })
    const refused = await deploy({ systemd_cgroup: 'true' }, 8)
    expect(changesIn(refused)).toEqual([])
    for (const { message } of refused.units ?? []) expect(message).toMatch(/would change under 1 running containers/)
    for (const node of NODES) await lab.sh(node, 'ctr task kill -s KILL long; sleep 1; ctr container rm long')
  })

  test('is not set against the kubelet’s (kubernetes#105762)', async () => {
    await lab.sh('adopted', 'mkdir -p /var/lib/kubelet && echo "cgroupDriver: cgroupfs" >/var/lib/kubelet/config.yaml')
    const refused = await deploy({ systemd_cgroup: 'true' }, 8)
    expect(refused.units?.[0]?.message).toContain("this machine's kubelet uses the cgroupfs driver")
    await lab.sh('adopted', 'rm /var/lib/kubelet/config.yaml')
    await deploy({})
  })
})

test('a container that is slow to end outlasts the restart, ends, and leaves no shim (containerd#12600)', async () => {
  const script = 'trap "until [ -e /end ]; do sleep 0.2; done; exit 0" TERM; while :; do sleep 0.2; done'
  for (const node of NODES) await startContainer(lab, node, { name: 'slow', script })
  const before = await Promise.all(NODES.map((node) => daemonOf(lab, node)))
  for (const node of NODES) await lab.sh(node, 'sleep 1; ctr task kill -s TERM slow')
  await deploy({ limit_nofile: '65536', https_proxy: 'http://localhost:3155' })
  for (const [index, node] of NODES.entries()) {
    const environment = await lab.sh(node, 'systemctl show -p Environment containerd')
    for (const { ownAddress } of lab.lab.nodes)
      expect(environment).toMatch(new RegExp(`NO_PROXY=\\S*,${ownAddress}\\b`))
    expect((await daemonOf(lab, node)).starts).toBe((before[index]?.starts ?? 0) + 1)
    const soon = { timeout: 60_000 }
    expect(await lab.sh(node, 'ctr task ls')).toMatch(/^slow\s+\d+\s+RUNNING/m)
    await lab.sh(node, `touch /proc/$(ctr task ls | sed -n 's/^slow *\\([0-9]*\\).*/\\1/p')/root/end`)
    await expect.poll(() => lab.sh(node, 'ctr task ls'), soon).toMatch(/^slow\s+\d+\s+STOPPED/m)
    await lab.sh(node, 'ctr task rm slow; ctr container rm slow')
    await expect.poll(async () => (await lab.attempt(node, 'pgrep -f "[c]ontainerd-shim"')).code, soon).toBe(1)
  }
})

test('a plugin that failed is named with its reason (containerd#8032)', async () => {
  const file = join(await lab.root('adopted'), CONFIG)
  const text = await readFile(file, 'utf8')
  await appendFile(file, '\n[plugins."io.containerd.grpc.v1.cri".containerd]\n  default_runtime_name = "none"\n')
  await lab.sh('adopted', 'systemctl restart containerd')
  const said = await answer('adopted', 'plugins')
  expect(said).toMatchObject({ ok: false, says: expect.stringContaining('io.containerd.grpc.v1.cri') as string })
  expect(JSON.stringify(said)).toContain('no corresponding runtime configured')
  await writeFile(file, text)
  await lab.sh('adopted', 'systemctl restart containerd')
})

test('a daemon at an address of its own is proved and asked there', async () => {
  const file = join(await lab.root('adopted'), CONFIG)
  const text = await readFile(file, 'utf8')
  await writeFile(file, `${text}\n[grpc]\n  address = "/run/containerd/other.sock"\n`)
  await lab.sh('adopted', 'systemctl restart containerd; ! [ -S /run/containerd/containerd.sock ]')
  expect(statusesIn(await deploy({ limit_nofile: '65535' }))).toEqual(['adopted/0 active', 'archive/0 active'])
  for (const action of ['plugins', 'deprecations']) {
    expect(await answer('adopted', action)).not.toMatchObject({ result: null })
  }
  await writeFile(file, text)
  await deploy({})
})

test('mirrors in the main file are not overruled in silence (killer-sh#93)', async () => {
  const file = join(await lab.root('adopted'), CONFIG)
  const text = await readFile(file, 'utf8')
  const inline =
    '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\n  endpoint = ["https://m.example"]\n'
  await writeFile(file, `${text}\n${inline}`)
  const refused = await deploy({ registries: [{ host: 'r.example' }] }, 8)
  const unit = refused.units?.find((each) => each.unit === 'adopted/0')
  expect(unit).toMatchObject({
    hint: expect.stringContaining('[{"host":"docker.io","mirrors":[{"url":"https://m.example"}]}]') as string,
  })
  expect(changesIn(refused).filter((change) => change.startsWith('adopted'))).toEqual([])
  await writeFile(file, text)
})

async function answer(app: string, action: string): Promise<unknown> {
  const ran = await operator.run('run', `${app}/0`, action, '--json')
  return (JSON.parse(ran.stdout) as { units: unknown[] }).units[0]
}

async function deploy(options: Record<string, unknown>, status = 0): Promise<Result> {
  const { path, sha256 } = await buildContainerd2((line) => console.log(line))
  const app = (node: string, more: object) =>
    `  ${node}: ${JSON.stringify({ charm: 'containerd', to: node, ...more })}\n`
  const resources = { containerd: { path, sha256 } }
  const archive = app('archive', { options: { ...options, source: 'archive' }, resources })
  const bundle = await operator.write('bundle.yaml', `applications:\n${app('adopted', { options })}${archive}`)
  return operator.json(status, 'deploy', bundle, '-i', lab.lab.inventory, '--yes')
}
