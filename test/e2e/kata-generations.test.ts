import { join } from 'node:path'
import { parse } from '@iarna/toml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { makeStandInKata, type StandInKata } from '../../lib/lab/index.ts'
import { changesIn, newOperator, type Operator, type Result } from './support/cli.ts'
import { CONFIG } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { installOnline } from './support/online.ts'

/**
 * Each generation of the archives from install to removal, on a node with the distribution’s containerd 1.7, as its release was
 * compressed. The node has no zstd until the last of them.
 */
interface Generation {
  wanted: StandInKata
  shims: string[]
  /** How it reaches the node: as it is, or decompressed here and sent as gzip. */
  sent: 'as it is' | 'as gzip'
  /** Whether its runtimes merge config.d; else all settings stand in the file itself. */
  drops: boolean
}

const GENERATIONS: Generation[] = [
  { wanted: { version: '2.2.0' }, sent: 'as it is', shims: ['qemu', 'clh'], drops: false },
  { wanted: { version: '3.0.2' }, sent: 'as it is', shims: ['qemu', 'dragonball'], drops: true },
  { wanted: { version: '3.20.0' }, sent: 'as it is', shims: ['qemu', 'cloud-hypervisor'], drops: true },
  { wanted: { version: '3.32.0' }, sent: 'as gzip', shims: ['qemu', 'clh-runtime-rs'], drops: true },
  { wanted: { version: '4.1.0' }, sent: 'as gzip', shims: ['qemu-runtime-rs', 'dragonball'], drops: true },
  { wanted: { version: '4.1.0', kind: 'go-static' }, sent: 'as it is', shims: ['qemu', 'clh'], drops: true },
]

let lab: TestLab
let operator: Operator
let before: string

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-kata-gen', nodes: [{ name: 'n1', containerd: true }] })
  await operator.json(0, 'deploy', await bundle(''), '--inventory', lab.lab.inventory, '--yes')
  before = await traces()
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

describe.each(GENERATIONS)('Kata $wanted.version $wanted.kind, sent $sent', ({ wanted, sent, shims, drops }) => {
  test('is installed, its handlers loaded, its settings in the file that each shim will read, and removed', async () => {
    const options = { preflight: 'warn', shims, memory: 512, kernel_params: 'quiet', default: shims[0] }
    const archive = await makeStandInKata(wanted)
    if (archive.path.endsWith('.zst') && sent === 'as it is') await installOnline(lab, 'n1', ['zstd'])
    expect((await lab.attempt('n1', 'command -v zstd')).code === 0).toBe(wanted.kind === 'go-static')
    const { unit, said } = await deployKata(archive, options)
    expect(unit).toMatchObject({
      status: 'active',
      message: expect.stringContaining(`Kata ${wanted.version}`) as string,
    })
    expect(said.includes('is sent as gzip: the machine has no zstd')).toBe(sent === 'as gzip')
    const names = [...shims.map((shim) => `kata-${shim}`), 'kata']
    const handlers = handlersInDump(await lab.sh('n1', 'containerd config dump'))
    for (const name of names) {
      const { path = '', configPath = '' } = handlers[name] ?? {}
      expect(await lab.sh('n1', `${path} --version`)).toContain(`version: ${wanted.version}`)
      expect(await readAsShim(configPath, drops)).toMatchObject({ default_memory: 512 })
      expect(String((await readAsShim(configPath, drops))['kernel_params'])).toMatch(/(^|=1 )quiet$/)
    }
    await removeKata()
  })
})

/** kata.md section 9: siderolabs/extensions#24, k0sctl#189 (nothing can be written below /opt). */
test('at another place with classic links: QEMU finds its firmware there, and a second deploy is one question', async () => {
  const options = {
    preflight: 'warn',
    prefix: '/srv/kata',
    links: 'classic',
    settings: { qemu: { 'runtime.disable_guest_seccomp': false } },
  }
  expect(await deployKata(await makeStandInKata(), options)).toMatchObject({ unit: { status: 'active' } })
  const { configPath = '' } = handlersInDump(await lab.sh('n1', 'containerd config dump'))['kata-qemu'] ?? {}
  const read = await readAsShim(configPath, true)
  expect(read).toMatchObject({
    path: '/srv/kata-config/qemu/qemu',
    kernel: '/srv/kata/share/kata-containers/vmlinux.container',
  })
  expect(await lab.sh('n1', `${String(read['path'])} --version; test -d /srv/kata/share/kata-qemu/qemu`)).toContain(
    'QEMU emulator',
  )
  expect(await lab.sh('n1', 'kata-runtime --version && readlink /usr/local/bin/kata-monitor')).toContain(
    '/srv/kata/bin/kata-monitor',
  )
  const again = () =>
    operator.json(0, 'deploy', join(operator.folder, 'bundle.yaml'), '--inventory', lab.lab.inventory, '--yes')
  const { result, sessions } = await lab.counted(again)
  expect(changesIn(result)).toEqual([])
  expect(sessions['n1']).toEqual({ connections: 1, channels: 1 })
  expect(changesIn(await operator.json(0, 'diff'))).toEqual([])
  await lab.sh('n1', 'echo default_vcpus = 9 >>/srv/kata-config/qemu/config.d/50-settings.toml')
  expect(changesIn(await operator.json(5, 'diff'))).toEqual([
    `${unitName} file:/srv/kata-config/qemu/config.d/50-settings.toml`,
  ])
  await removeKata()
})

/** kata.md section 9: kata#12761 (config out, restart, then files). */
test('without its last setting a shim’s own files go only when containerd has been restarted without them', async () => {
  const archive = await makeStandInKata()
  await deployKata(archive, { preflight: 'warn', memory: 512 })
  const { unit, changes } = await deployKata(archive, { preflight: 'warn' })
  expect(changes).toEqual([
    `containerd/0 file:${CONFIG}`,
    'containerd/0 svc:containerd',
    `${unit.unit} file:/opt/kata-config/qemu/config.d/40-memory.toml`,
    `${unit.unit} dir:/opt/kata-config/qemu/config.d`,
    `${unit.unit} file:/opt/kata-config/qemu/configuration-qemu.toml`,
    `${unit.unit} dir:/opt/kata-config/qemu`,
    `${unit.unit} dir:/opt/kata-config`,
  ])
  await removeKata()
})

describe('smoke and the other questions', () => {
  beforeAll(async () => {
    await deployKata(await makeStandInKata(), { preflight: 'warn' })
  })

  test('a shim that starts no machine: no, with what it said', async () => {
    expect(await ask(7, 'smoke')).toMatch(/no container came up under kata-qemu: .*a stand-in, which runs nothing/)
  })

  test('a handler that is in truth runc: no, by the boot id', async () => {
    const file = await lab.sh('n1', `cat ${CONFIG}`)
    const hand = `/runtimes.kata-qemu/,/^$/{s/runtime_type = .*/runtime_type = "io.containerd.runc.v2"/;/runtime_path/d;/ConfigPath/d}`
    await lab.sh('n1', `sed -i '${hand}' ${CONFIG} && systemctl restart containerd`)
    expect(await ask(7, 'smoke')).toContain('kata-qemu gives no virtual machine: inside runs this machine’s own kernel')
    expect(
      await lab.sh(
        'n1',
        `ctr containers ls -q; ls -d /tmp/tmp.* 2>/dev/null; ps -eo args | grep '[k]charm-smoke'; true`,
      ),
    ).toBe('')
    await operator.json(0, 'deploy', join(operator.folder, 'bundle.yaml'), '--inventory', lab.lab.inventory, '--yes')
    expect(await lab.sh('n1', `cat ${CONFIG}`)).toBe(file)
  })

  test('preflight, check, collect and sandboxes answer, and leave nothing', async () => {
    const there = await traces()
    expect(await ask(7, 'preflight')).toMatch(/container: systemd-nspawn|found: systemd-nspawn/)
    expect(await ask(7, 'check')).toContain('kata-runtime check: no')
    expect(await ask(0, 'collect')).toContain('kata-runtime  : 3.20.0')
    expect(await ask(0, 'sandboxes')).toContain('0 sandboxes')
    expect(await traces()).toBe(there)
    await removeKata()
  })
})

type Archive = Awaited<ReturnType<typeof makeStandInKata>>

async function deployKata(archive: Archive, options: Record<string, unknown>) {
  const path = await bundle(kata(archive, options))
  const ran = await operator.run('deploy', path, '--inventory', lab.lab.inventory, '--yes', '--json')
  expect(ran.status, ran.stdout + ran.stderr).toBe(0)
  const result = JSON.parse(ran.stdout) as Result
  return { unit: unitOf(result), said: ran.stderr, changes: changesIn(result) }
}

async function removeKata(): Promise<void> {
  await operator.json(0, 'remove', 'kata', '--yes')
  expect(await traces()).toBe(before)
}

function unitOf(result: Result) {
  const unit = (result.units ?? []).find((each) => each.unit.startsWith('kata/'))
  if (unit === undefined) throw new Error('the answer names no unit of kata')
  unitName = unit.unit
  return unit
}

let unitName = ''

async function ask(status: number, action: string): Promise<string> {
  const ran = await operator.run('run', unitName, action)
  expect(ran.status, ran.stdout + ran.stderr).toBe(status)
  return ran.stdout
}

/** An application of the bundle, as YAML. */
function kata({ path, sha256 }: Archive, options: Record<string, unknown>): string {
  const resource = `{ kata: { path: ${path}, sha256: '${sha256}' } }`
  return `  kata: { charm: kata, options: ${JSON.stringify(options)}, resources: ${resource} }\n`
}

function bundle(application: string): Promise<string> {
  const relations = application === '' ? '' : 'relations:\n  - [kata, containerd]\n'
  return operator.write(
    'bundle.yaml',
    `applications:\n  containerd: { charm: containerd, to: all }\n${application}${relations}`,
  )
}

/** The hypervisor's table as the runtime merges it: the file, then config.d beside it in the order of names. */
async function readAsShim(configPath: string, drops: boolean): Promise<Record<string, unknown>> {
  const folder = configPath.replace(/\/[^/]*$/, '')
  const list = await lab.sh('n1', `ls ${folder}/config.d/* 2>/dev/null; true`)
  const files = [configPath, ...list.split('\n').filter((name) => name !== '')]
  expect(files.length > 1).toBe(drops)
  const texts = await Promise.all(files.map((file) => lab.sh('n1', `cat ${file}`)))
  const tables = texts.map(
    (text) => Object.values((parse(text)['hypervisor'] ?? {}) as Record<string, object>)[0] ?? {},
  )
  return Object.assign({}, ...tables) as Record<string, unknown>
}

/** All that Kata leaves on a machine, and containerd's configuration. */
function traces(): Promise<string> {
  return lab.sh(
    'n1',
    `ls -d /opt/kata* /srv/* /usr/local/bin/* /etc/modules-load.d/kcharm* /etc/kata-containers 2>/dev/null; sha256sum ${CONFIG}; containerd config dump | grep kata; true`,
  )
}
