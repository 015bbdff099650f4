import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildContainerd2, makeStandInKata } from '../../lib/lab/index.ts'
import { kataThatLies } from '../run/kata-that-lies.ts'
import { changesIn, newOperator, type Operator, type Result } from './support/cli.ts'
import { configOf, criPlugins, daemonOf } from './support/containerd.ts'
import { removePodSandbox, runPodSandbox } from './support/pod-sandbox.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { expectNoGap, startTicking, ticksOn } from './support/ticks.ts'

const NODES = ['n1', 'n2'] as const

interface Archive {
  path: string
  sha256: string
}

let lab: TestLab
let operator: Operator
let containerd: Archive
let first: Archive
let second: Archive
let broken: Archive

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-upgrade', nodes: NODES.map((name) => ({ name })) })
  containerd = await buildContainerd2((line) => console.log(line))
  first = await makeStandInKata({ version: '3.20.0' })
  second = await makeStandInKata({ version: '3.20.1' })
  broken = await kataThatLies(operator.folder)
  await deploy({ kata: first })
  for (const node of NODES) await startTicking(lab, node)
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

describe('Kata', () => {
  test('to another version: unpacked beside, looked at, switched, proved; no restart, and nothing a second time', async () => {
    const daemons = await Promise.all(NODES.map((node) => daemonOf(lab, node)))
    const shown = await operator.run('plan', await bundle({ kata: second }), '-i', lab.lab.inventory)
    expect(shown.stdout).toContain('* Kata 3.20.0 to 3.20.1')
    expect(shown.stdout).toContain('/opt/kata-3.20.0 stays')
    const done = await deploy({ kata: second })
    expect(changesIn(done)).toEqual(
      [...NODES].flatMap((_, i) => [`kata/${i} tree:/opt/kata-3.20.1`, `kata/${i} link:/opt/kata`]),
    )
    for (const node of NODES) {
      expect(await lab.sh(node, 'readlink /opt/kata; ls -d /opt/kata-3.20.0')).toBe(
        '/opt/kata-3.20.1\n/opt/kata-3.20.0',
      )
    }
    expect(await Promise.all(NODES.map((node) => daemonOf(lab, node)))).toEqual(daemons)
    expect(changesIn(await deploy({ kata: second }))).toEqual([])
  })

  test('rollback takes it back on all machines, and what it brought goes', async () => {
    await operator.json(0, 'rollback', 'kata', '--yes')
    for (const node of NODES) {
      expect(await lab.sh(node, 'readlink /opt/kata; ls -d /opt/kata-*')).toBe('/opt/kata-3.20.0\n/opt/kata-3.20.0')
    }
    const unit = JSON.parse((await operator.run('show-unit', 'kata/0', '--json')).stdout) as { version: string }
    expect(unit.version).toBe('3.20.0')
  })

  test('a version that is not what it says is never pointed to; its unit is held, and the next wave does not begin', async () => {
    const args = ['upgrade', 'kata', '--resource', `kata=${broken.path}`, '--yes', '--canary', '1']
    await operator.json(0, 'resource', 'pin', broken.path)
    const done = await operator.json(16, ...args)
    expect(done.units?.find(({ unit }) => unit === 'kata/0')).toMatchObject({
      status: 'blocked',
      message: expect.stringMatching(
        /stays on 3\.20\.0: 3\.20\.2 was refused: new shim qemu: .* is of version 9\.9\.9/,
      ),
    })
    expect(done.failed).toMatchObject([{ machine: 'n2', error: { code: 'rollout-stopped' } }])
    for (const node of NODES) {
      expect(await lab.sh(node, 'readlink /opt/kata; ls -d /opt/kata-*')).toBe('/opt/kata-3.20.0\n/opt/kata-3.20.0')
    }
    await operator.json(0, 'deploy', await bundle({ kata: first }), '-i', lab.lab.inventory, '--yes')
  })
})

describe('containerd from its package 1.7 to its archive 2.3', () => {
  const WANTED = () => ({ kata: first, containerd })

  test('plan, upgrade, proof: handlers in the new drop-in, the main file moved to schema 3, the container lives', async () => {
    await setByHand('n2')
    const before = await ticksOn(lab, 'n1')
    const shown = await operator.run('plan', await bundle(WANTED()), '-i', lab.lab.inventory)
    expect(shown.stdout).toMatch(/\* containerd 1\.7\.24 to 2\.3\.\d+/)
    expect(shown.stdout).toContain('* containerd restarts once; 1 containers run on')
    expect(shown.stdout).toContain(
      'from schema 2 to 3; no containerd 2 has these: plugins."io.containerd.grpc.v1.cri".registry',
    )
    const done = await operator.run('deploy', await bundle(WANTED()), '-i', lab.lab.inventory, '--yes')
    expect(done.status, done.stderr).toBe(0)
    const lost = `plugins."io.containerd.grpc.v1.cri".registry.configs."r.example".tls.insecure_skip_verify`
    expect(done.stderr.split('\n').filter((line) => line.includes('lost on containerd'))).toEqual([
      expect.stringMatching(
        new RegExp(`containerd/1.*lost on containerd 2\\.3\\.\\d+: ${lost.replaceAll('.', '\\.')}$`),
      ),
    ])
    for (const node of NODES) {
      const main = await configOf(lab, node)
      expect(main).not.toContain('BEGIN kcharm')
      expect(main).not.toContain('grpc.v1.cri')
      expect(main).toMatch(/^version = 3 # kcharm, was 2$/m)
      expect(await lab.sh(node, 'containerd -c /etc/containerd/config.toml config dump')).toContain('/usr/lib/cni')
      expect(await lab.sh(node, 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?2\.3\./)
      expect((await criPlugins(lab, node)).every((line) => line.endsWith(' ok'))).toBe(true)
      expect(await lab.sh(node, 'containerd -c /etc/containerd/config.toml config dump')).toContain('kata-qemu')
      expect(await lab.sh(node, 'ls /var/lib/kcharm/kept; stat -c %a /var/lib/kcharm/kept/*')).toBe(
        'containerd-1.7.24-default.toml\ncontainerd-1.7.24-dump.toml\ncontainerd-1.7.24-meta.db\n600\n600\n600',
      )
    }
    await expectNoGap(lab, 'n1', before)
    expect(changesIn(await deploy(WANTED()))).toEqual([])
  })

  test('rollback: the old daemon on its old bytes, the container lives', async () => {
    const before = await ticksOn(lab, 'n1')
    await operator.json(0, 'rollback', 'containerd', '--yes')
    for (const node of NODES) {
      expect(await lab.sh(node, 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?1\.7\.24/)
      expect(await configOf(lab, node)).toContain('BEGIN kcharm')
      expect(await configOf(lab, node)).toMatch(/^version = 2$/m)
      expect(await lab.sh(node, 'ls /etc/containerd/conf.d /usr/local/lib/kcharm 2>/dev/null || echo none')).toBe(
        'none',
      )
    }
    await expectNoGap(lab, 'n1', before)
    expect(changesIn(await deploy({ kata: first }))).toEqual([])
  })

  test('a new daemon that comes up and dies after a while: put back by itself, the container lives', async () => {
    const before = await ticksOn(lab, 'n1')
    await lab.sh('n1', KILL_TWO)
    const done = await deploy(WANTED(), 16)
    expect(done.units?.find(({ unit }) => unit === 'containerd/0')).toMatchObject({
      status: 'blocked',
      message: expect.stringMatching(/2\.3\.\d+ was refused: CRI health: it was good, and then: /),
    })
    expect(await lab.sh('n1', 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?1\.7\.24/)
    await expectNoGap(lab, 'n1', before)
    await lab.sh('n1', 'rm /etc/systemd/system/containerd.service.d/no-two.conf; systemctl daemon-reload')
    expect(changesIn(await deploy({ kata: first }))).toEqual([])
  })

  test('a pod sandbox would not live through it: without a word of the operator’s nothing changes, with it the step is made', async () => {
    const before = await ticksOn(lab, 'n1')
    const daemons = await Promise.all(NODES.map((node) => daemonOf(lab, node)))
    const sandbox = await runPodSandbox(lab, 'n1', 'one')
    const args = ['deploy', await bundle(WANTED()), '-i', lab.lab.inventory, '--yes']
    const refused = await operator.run(...args)
    expect(refused.status).toBe(14)
    expect(refused.stdout).toContain(`1 live now: ${sandbox.slice(0, 12)}`)
    expect(refused.stderr).toContain('the pod sandboxes of this machine are not expected to live through it')
    expect(refused.stderr).toContain('--accept')
    expect(await Promise.all(NODES.map((node) => daemonOf(lab, node)))).toEqual(daemons)

    const done = await operator.run(...args, '--accept')
    expect(done.status, done.stderr).toBe(0)
    for (const node of NODES) {
      expect(await lab.sh(node, 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?2\.3\./)
    }
    await expectNoGap(lab, 'n1', before)
    await removePodSandbox(lab, 'n1', sandbox)
    await operator.json(0, 'rollback', 'containerd', '--yes')
    expect(changesIn(await deploy({ kata: first }))).toEqual([])
  })

  test('a new daemon that does not come up: put back by itself, the container lives, the unit says so', async () => {
    const before = await ticksOn(lab, 'n1')
    const files = await configOf(lab, 'n1')
    await lab.sh('n1', REFUSE_TWO)
    const done = await deploy(WANTED(), 16)
    expect(done.units?.find(({ unit }) => unit === 'containerd/0')).toMatchObject({
      status: 'blocked',
      message: expect.stringMatching(/stays on 1\.7\.24: 2\.3\.\d+ was refused/),
    })
    expect(await lab.sh('n1', 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?1\.7\.24/)
    expect(await configOf(lab, 'n1')).toBe(files)
    await expectNoGap(lab, 'n1', before)
    expect(changesIn(await deploy(WANTED(), 16)).filter((each) => each.startsWith('containerd/0'))).toEqual([])
    await lab.sh('n1', 'rm /etc/systemd/system/containerd.service.d/no-two.conf; systemctl daemon-reload')
    await operator.json(0, 'upgrade', 'containerd', '--yes')
    for (const node of NODES) {
      expect(await lab.sh(node, 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?2\.3\./)
    }
    await expectNoGap(lab, 'n1', before)
  })
})

/** What an operator may have there: a setting that goes along, and one that no containerd 2 has. */
async function setByHand(node: string): Promise<void> {
  await lab.sh(
    node,
    `cat >>/etc/containerd/config.toml <<'EOF'
[plugins."io.containerd.grpc.v1.cri".image_decryption]
  key_model = "node"
[plugins."io.containerd.grpc.v1.cri".registry.configs."r.example".tls]
  insecure_skip_verify = true
EOF
systemctl restart containerd`,
  )
}

/** A daemon of 2.x comes up here, and dies when it has run for ten seconds; a timer of systemd's could be a minute late. */
const KILL_TWO = `mkdir -p /etc/systemd/system/containerd.service.d
printf '#!/bin/sh\\n! containerd --version | grep -qE " v?2[.]" || systemd-run -q --no-block sh -c "sleep 10; kill -9 $1"\\n' >/usr/local/bin/kill-two; chmod 755 /usr/local/bin/kill-two
printf '[Service]\\nExecStartPost=/usr/local/bin/kill-two $MAINPID\\n' >/etc/systemd/system/containerd.service.d/no-two.conf
systemctl daemon-reload`

/** A daemon of 2.x does not come up here. */
const REFUSE_TWO = `mkdir -p /etc/systemd/system/containerd.service.d
printf '#!/bin/sh\\n! containerd --version | grep -qE " v?2[.]"\\n' >/usr/local/bin/no-two; chmod 755 /usr/local/bin/no-two
printf '[Service]\\nExecStartPre=/usr/local/bin/no-two\\n' >/etc/systemd/system/containerd.service.d/no-two.conf
systemctl daemon-reload`

async function deploy(wanted: { kata: Archive; containerd?: Archive }, status = 0): Promise<Result> {
  return await operator.json(status, 'deploy', await bundle(wanted), '-i', lab.lab.inventory, '--yes')
}

async function bundle({ kata, containerd: archive }: { kata: Archive; containerd?: Archive }): Promise<string> {
  const own = archive
    ? `{ charm: containerd, to: all, options: { source: archive }, resources: { containerd: ${ref(archive)} } }`
    : '{ charm: containerd, to: all }'
  const text = `applications:
  containerd: ${own}
  kata: { charm: kata, options: { preflight: warn }, resources: { kata: ${ref(kata)} } }
relations: [[kata, containerd]]
`
  return await operator.write('bundle.yaml', text)
}

function ref({ path, sha256 }: Archive): string {
  return `{ path: ${path}, sha256: ${sha256} }`
}
