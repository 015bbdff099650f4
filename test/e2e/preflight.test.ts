import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { makeStandInKata, nodePowerOff, nodePowerOn } from '../../lib/lab/index.ts'
import { changesIn, newOperator, type Operator, type Result } from './support/cli.ts'
import { CONFIG } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { layVmShim } from './support/vm-shim.ts'
import { bareLogin, changesBetween, kernelSpeaks, quiet, type Snapshot, snapshotInside } from './support/snapshot.ts'

/** A container, an emulated machine with a /dev/kvm, and one whose processor has no virtualisation. */
let container: TestLab
let able: TestLab
let unable: TestLab
let operator: Operator
let bundle: string

const CONF = '/etc/modules-load.d/kcharm-kata.conf'

beforeAll(async () => {
  operator = await newOperator()
  const found = (name: string) => [{ name, containerd: true }]
  ;[container, able, unable] = await Promise.all([
    startLab({ name: 'e2e-preflight', nodes: [{ name: 'container' }] }),
    startLab({ name: 'e2e-preflight-kvm', kind: 'vm', nodes: found('able') }),
    startLab({ name: 'e2e-preflight-plain', kind: 'vm', cpu: 'EPYC,-svm', nodes: found('unable') }),
  ])
  const { path, sha256 } = await makeStandInKata()
  bundle = await operator.write(
    'bundle.yaml',
    `applications:
  containerd: { charm: containerd, to: all }
  kata: { charm: kata, resources: { kata: { path: ${path}, sha256: '${sha256}' } } }
relations:
  - [kata, containerd]
`,
  )
})

afterAll(async () => {
  for (const lab of [container, able, unable]) await lab.down()
  await operator.leave()
})

test('on a container Kata is blocked by every probe that fails; containerd runs without its handler', async () => {
  const result = await deploy(8, container)
  expect(messages(result)).toEqual({
    'containerd/0 active': 'containerd 1.7.24',
    'kata/0 blocked': `preflight: ${[NO_VIRTUALIZATION, NO_KVM, noModule('vhost_vsock'), noModule('vhost_net'), IN_CONTAINER].join('; ')}`,
  })
  expect(changesIn(result).filter((change) => change.startsWith('kata/'))).toEqual([])
  await nothingOfKata(container, 'container')
})

test('on a machine without virtualisation Kata is blocked by that alone', async () => {
  const loaded = await modules(unable, 'unable')
  const result = await deploy(8, unable)
  expect(messages(result)).toEqual({
    'containerd/0 active': 'containerd 1.7.24',
    'kata/0 blocked': `preflight: ${NO_VIRTUALIZATION}; ${NO_KVM}`,
  })
  await nothingOfKata(unable, 'unable')
  expect(await modules(unable, 'unable')).toEqual(loaded)
})

test('plan and --dry-run change neither a file nor a loaded module, where a look at a device would load one', async () => {
  await quiet(able, 'able')
  const first = await snapshotInside(able, 'able')
  await bareLogin(able, 'able', 'root')
  const second = await snapshotInside(able, 'able')
  await kernelSpeaks(able, 'able')
  await bareLogin(able, 'able', 'root')
  const third = await snapshotInside(able, 'able')
  const learned = new Set([...changesBetween(first, second), ...changesBetween(second, third)])
  const news = (before: Snapshot, after: Snapshot) =>
    changesBetween(before, after).filter((change) => !learned.has(change))

  const loaded = await modules(able, 'able')
  const inventory = ['--inventory', able.lab.inventory, '--model', able.lab.name]
  expect(changesIn(await operator.json(0, 'plan', bundle, ...inventory))).toEqual(CHANGES)
  expect(changesIn(await operator.json(0, 'deploy', 'bundle', bundle, ...inventory, '--dry-run'))).toEqual(CHANGES)
  expect(await modules(able, 'able')).toEqual(loaded)
  expect(news(third, await snapshotInside(able, 'able'))).toEqual([])

  expect(loaded).not.toContain('vhost_net')
  await able.sh('able', 'head -c 0 /dev/vhost-net')
  expect(await modules(able, 'able')).toContain('vhost_net')
  await unload('vhost_net')
  expect(await modules(able, 'able')).not.toContain('vhost_net')
})

test('on a machine with KVM every probe passes, with nothing said of it', async () => {
  const result = await deploy(0, able)
  expect(changesIn(result)).toEqual(CHANGES)
  expect(messages(result)).toEqual({
    'containerd/0 active': 'containerd 1.7.24, handlers kata-qemu',
    'kata/0 active': 'Kata 3.20.0, handlers kata-qemu',
  })
  expect(await modules(able, 'able')).toEqual(expect.arrayContaining(['vhost_net', 'vhost_vsock']))
})

test('its modules survive a power cut, and nothing differs afterwards', async () => {
  const name = { lab: able.lab.name, node: 'able' }
  await nodePowerOff(name)
  expect(await nodePowerOn(name)).toBe('running')
  expect(await modules(able, 'able')).toEqual(expect.arrayContaining(['vhost_net', 'vhost_vsock']))
  expect(changesIn(await operator.json(0, 'diff', '--model', able.lab.name))).toEqual([])
})

test('a module that was unloaded, and one that is no longer loaded at boot, are found and mended', async () => {
  await unload('vhost_net')
  await able.sh('able', `sed -i /vhost_net/d ${CONF}`)
  const drift = ['kata/0 mod:vhost_net', `kata/0 file:${CONF}`]
  expect(changesIn(await operator.json(5, 'diff', '--model', able.lab.name))).toEqual(drift)
  expect(changesIn(await deploy(0, able))).toEqual(drift)
  expect(await modules(able, 'able')).toContain('vhost_net')
  expect(await able.sh('able', `cat ${CONF}`)).toContain('vhost_net')
})

test('smoke says no where nothing comes up, and yes where a KVM guest boots; it leaves neither', async () => {
  const smoke = async (status: number) => {
    const ran = await operator.run('run', 'kata/0', 'smoke', '--model', able.lab.name, '--json')
    expect(ran.status, ran.stdout + ran.stderr).toBe(status)
    return ANSWER.parse(JSON.parse(ran.stdout)).units[0]
  }
  expect((await smoke(7))?.says).toContain('no container came up under kata-qemu')
  await layVmShim(able, 'able', CONFIG)
  const yes = await smoke(0)
  expect(yes?.says).toMatch(/^kata-qemu gave a kernel of its own, in qemu-system-x86 \(process \d+\)$/)
  const { inside, outside } = yes?.result.boot_id ?? {}
  expect(inside).toMatch(/^[0-9a-f-]{36}$/)
  expect(inside).not.toBe(outside)
  expect(yes?.result.processes).toContainEqual({ pid: expect.any(Number), name: 'qemu-system-x86', kvm_machines: 1 })
  expect(
    await able.sh('able', 'pgrep -f "[k]charm-smoke"; ctr task ls -q; ctr container ls -q; ls -d /tmp/tmp.*; true'),
  ).toBe('')
})

const ANSWER = z.object({
  units: z.array(
    z.object({
      says: z.string(),
      result: z.object({
        boot_id: z.object({ inside: z.string(), outside: z.string() }),
        processes: z.array(z.object({ pid: z.number(), name: z.string(), kvm_machines: z.number() })),
      }),
    }),
  ),
})

const NO_VIRTUALIZATION =
  'CPU virtualization: found neither vmx nor svm, needs vmx or svm (switch nested virtualization on in the hypervisor above; in a cloud take bare metal, or a type of machine that nests)'
const IN_CONTAINER =
  'container: found systemd-nspawn, needs a machine or virtual machine (install on the machine that runs this container)'
const NO_KVM = '/dev/kvm: found no device, needs read and write (modprobe kvm_intel or kvm_amd)'

function noModule(name: string): string {
  return `kernel module ${name}: found neither loaded nor available, needs available (install the kernel’s full set of modules)`
}

/** What a deploy changes where containerd runs already. */
const CHANGES = [
  'kata/0 tree:/opt/kata-3.20.0',
  'kata/0 link:/opt/kata',
  'kata/0 mod:vhost_vsock',
  'kata/0 mod:vhost_net',
  `kata/0 file:${CONF}`,
  `containerd/0 file:${CONFIG}`,
  'containerd/0 svc:containerd',
]

function deploy(status: number, { lab }: TestLab): Promise<Result> {
  return operator.json(status, 'deploy', 'bundle', bundle, '--inventory', lab.inventory, '--model', lab.name, '--yes')
}

/** `unit status` to what the unit says. */
function messages(result: Result): Record<string, string | undefined> {
  return Object.fromEntries((result.units ?? []).map(({ unit, status, message }) => [`${unit} ${status}`, message]))
}

/** By itself: `modprobe -r` would take the module tun along, and with it a device that Kata needs. */
async function unload(module: string): Promise<void> {
  await able.sh('able', `rmmod ${module}`)
}

async function modules(lab: TestLab, node: string): Promise<string[]> {
  return (await lab.sh(node, `cut -d ' ' -f 1 /proc/modules`)).split('\n').sort()
}

async function nothingOfKata(lab: TestLab, node: string): Promise<void> {
  expect(await lab.sh(node, `ls -d /opt/kata* ${CONF} 2>/dev/null; grep kata ${CONFIG}; true`)).toBe('')
  expect(await lab.sh(node, 'containerd config dump | grep kata; systemctl is-active containerd')).toBe('active')
}
