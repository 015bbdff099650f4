import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { makeStandInKata } from '../../lib/lab/index.ts'
import { changesIn, newOperator, type Operator, type Result } from './support/cli.ts'
import { CONFIG, criPlugins } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, RECORDS, type Standing, standingOf, watched } from './support/standing.ts'

const UNPACK = (at: string) => `mkdir -p ${at} && tar -C ${at} --no-overwrite-dir -xJf /root/kata.tar.xz`
const CONFIGS = 'share/defaults/kata-containers'
const SHIM = 'bin/containerd-shim-kata-v2'
/** Shim, kata-runtime and a configuration from the stand-in release, as `make install` or a package lays them. */
const lay = (top: string, configs: string, names: string) =>
  `${UNPACK('/root/x')} && cd /root/x/opt/kata && mkdir -p ${top}/bin ${configs}
  cp ${SHIM} bin/kata-runtime ${top}/bin && for each in ${names}; do cp ${CONFIGS}/configuration-qemu.toml ${configs}/$each; done; rm -r /root/x`

interface Way {
  /** Puts it on the node; `gone` takes it away. */
  made: string
  gone: string
  root: string
  shim: string
  config: string
}

/** A Kata that somebody else put on the machine, each as the field has it; the contents are of the stand-in release. */
const USED: Record<string, Way> = {
  'a release by hand, with the links and the copied configuration of blogs': {
    made: `${UNPACK('/')} && for each in containerd-shim-kata-v2 kata-runtime kata-collect-data.sh; do ln -s /opt/kata/bin/$each /usr/local/bin; done
    mkdir /etc/kata-containers && cp /opt/kata/${CONFIGS}/configuration-qemu.toml /etc/kata-containers/configuration.toml`,
    gone: 'rm -r /opt/kata /etc/kata-containers /usr/local/bin/containerd-shim-kata-v2 /usr/local/bin/kata-*',
    root: '/opt/kata',
    shim: `/opt/kata/${SHIM}`,
    config: `/opt/kata/${CONFIGS}/configuration-qemu.toml`,
  },
  'one in a home, whose configuration says /opt/kata': {
    made: UNPACK('/home/op'),
    gone: 'rm -r /home/op/opt',
    root: '/home/op/opt/kata',
    shim: `/home/op/opt/kata/${SHIM}`,
    config: '/opt/kata-config/qemu/configuration-qemu.toml',
  },
  'a source build': {
    made: lay('/usr/local', `/usr/local/${CONFIGS}`, 'configuration.toml configuration-qemu.toml'),
    gone: 'rm -r /usr/local/share/defaults /usr/local/bin/containerd-shim-kata-v2 /usr/local/bin/kata-runtime',
    root: '/usr/local',
    shim: `/usr/local/${SHIM}`,
    config: `/usr/local/${CONFIGS}/configuration-qemu.toml`,
  },
  'Fedora’s package': {
    made: lay('/usr', '/usr/share/kata-containers/defaults', 'configuration.toml'),
    gone: 'rm -r /usr/share/kata-containers /usr/bin/containerd-shim-kata-v2 /usr/bin/kata-runtime',
    root: '/usr',
    shim: `/usr/${SHIM}`,
    config: '/usr/share/kata-containers/defaults/configuration.toml',
  },
  'SUSE’s package': {
    made: lay('/usr', `/usr/${CONFIGS}`, 'configuration.toml'),
    gone: 'rm -r /usr/share/defaults /usr/bin/containerd-shim-kata-v2 /usr/bin/kata-runtime',
    root: '/usr',
    shim: `/usr/${SHIM}`,
    config: `/usr/${CONFIGS}/configuration.toml`,
  },
}

/** What is recognised and left alone, with the way out. */
const REFUSED: [string, { made: string; gone: string; says: RegExp; hint: RegExp }][] = [
  [
    'kata-deploy’s tree and configuration',
    {
      made: `${UNPACK('/')} && cd /opt/kata/${CONFIGS} && mkdir -p runtimes/qemu/config.d && mv configuration-qemu.toml runtimes/qemu
      ln -s runtimes/qemu/configuration-qemu.toml . && mkdir -p /opt/kata/containerd/config.d && touch /opt/kata/containerd/config.d/kata-deploy.toml`,
      gone: 'rm -r /opt/kata',
      says: /kata-deploy has installed Kata here, and would put it back/,
      hint: /take this node out of its DaemonSet.*helm uninstall kata-deploy/,
    },
  ],
  [
    'Kata 1.x',
    {
      made: `for each in kata-runtime kata-proxy kata-shim containerd-shim-kata-v2; do
        printf '#!/bin/sh\\necho "%s version 1.12.1"\\n' $each >/usr/bin/$each; chmod 755 /usr/bin/$each; done`,
      gone: 'rm /usr/bin/kata-* /usr/bin/containerd-shim-kata-v2',
      says: /Kata 1\.x is here, whose shim and proxy no containerd 2 knows \(\/usr\/bin\/kata-proxy\)/,
      hint: /remove its packages/,
    },
  ],
  [
    'the snap, with the link of blogs',
    {
      made: `${UNPACK('/root/x')} && mkdir -p /snap/kata-containers/1 && mv /root/x/opt/kata /snap/kata-containers/1/usr && rm -r /root/x
      ln -s 1 /snap/kata-containers/current && ln -s /snap/kata-containers/current/usr/${SHIM} /usr/local/bin/`,
      gone: 'rm -r /snap /usr/local/bin/containerd-shim-kata-v2',
      says: /Kata is here as a snap, which upstream gave up with 3\.2\.0/,
      hint: /snap remove kata-containers/,
    },
  ],
]

let lab: TestLab
let operator: Operator
let plain: Standing

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-kata-found', nodes: [{ name: 'n1', containerd: true }] })
  const { path } = await makeStandInKata()
  await copyFile(path, join(await lab.root('n1'), 'root/kata.tar.xz'))
  await deploy('')
  plain = await standing()
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

describe('used as it stands', () => {
  test.each(Object.entries(USED))('%s', async (_name, { made, gone, root, shim, config }) => {
    await lab.sh('n1', made)
    const there = await standing()
    const done = await deploy(kata({ source: 'present' }))
    expect(unitOf(done)).toMatchObject({
      status: 'active',
      message: expect.stringContaining(`Kata 3.20.0 as it was found at ${root}, handlers kata-qemu`) as string,
    })
    const { path, configPath = '' } = handlersInDump(await lab.sh('n1', 'containerd config dump'))['kata-qemu'] ?? {}
    expect([path, configPath]).toEqual([shim, config])
    expect(await lab.sh('n1', `cat ${configPath} && ${shim} --version`)).toContain('version: 3.20.0')
    expect(changesIn(await deploy(kata({ source: 'present' })))).toEqual([])
    await operator.json(0, 'remove', 'kata', '--yes')
    expect(changes(there, await standing())).toEqual([])
    await lab.sh('n1', gone)
    expect(changes(plain, await standing())).toEqual([])
  })
})

describe('recognised and left alone', () => {
  test.each(REFUSED)('%s', async (_name, { made, gone, says, hint }) => {
    await lab.sh('n1', made)
    for (const source of ['present', 'auto']) {
      const seen = await watched(lab, ['n1'], () => deploy(kata({ source }), 8))
      const { paths, restarts, result } = seen['n1'] ?? {}
      expect({ paths, restarts }).toEqual({ paths: [], restarts: 0 })
      expect(result && unitOf(result).message).toMatch(says)
      expect(JSON.stringify(result)).toMatch(hint)
    }
    await operator.json(0, 'remove', 'kata', '--yes')
    await lab.sh('n1', gone)
    expect(changes(plain, await standing())).toEqual([])
  })
})

test('an archive where a release by hand stands is refused, with the word that it can be used', async () => {
  await lab.sh('n1', UNPACK('/'))
  const application = await archived({})
  const seen = await watched(lab, ['n1'], () => deploy(application, 8))
  expect(seen['n1']).toMatchObject({ paths: [], restarts: 0 })
  expect(JSON.stringify(seen['n1']?.result)).toMatch(/\/opt\/kata is a directory.*source: present to use it as it is/)
  await operator.json(0, 'remove', 'kata', '--yes')
  await lab.sh('n1', 'rm -r /opt/kata')
  expect(changes(plain, await standing())).toEqual([])
})

/** kata.md section 8 and blogs of the years of containerd 1.1: ways to a Kata that no containerd 2 knows. */
describe('old ways in containerd’s configuration', () => {
  const OLD = `
[plugins."io.containerd.grpc.v1.cri".containerd.untrusted_workload_runtime]
  runtime_type = "io.containerd.kata.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.katacli]
  runtime_type = "io.containerd.runc.v1"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.katacli.options]
    BinaryName = "/usr/bin/kata-runtime"
`
  const FIRST = `[plugins]
  [plugins.cri.containerd]
    [plugins.cri.containerd.untrusted_workload_runtime]
      runtime_type = "io.containerd.runtime.v1.linux"
      runtime_engine = "/opt/kata/bin/kata-runtime"
`

  test('katacli and untrusted_workload_runtime are named, and stay as they are beside our handler', async () => {
    const before = await lab.sh('n1', `cat ${CONFIG}`)
    await lab.sh('n1', `cat >>${CONFIG} <<'END'${OLD}END\nsystemctl restart containerd`)
    const there = await standing()
    const options = { source: 'archive' }
    expect(await criPlugins(lab, 'n1')).toEqual(['io.containerd.grpc.v1 cri ok'])
    const done = await deploy(await archived(options))
    expect(unitOf(done).status).toBe('active')
    const asked = await operator.run('run', unitOf(done).unit, 'preflight')
    expect(asked.stdout).toContain('containerd 2 ignores this table')
    expect(asked.stdout).toContain('the runtime v1 of kata-runtime is gone with containerd 2')
    const dump = await lab.sh('n1', 'containerd config dump')
    expect(Object.keys(handlersInDump(dump)).sort()).toEqual(expect.arrayContaining(['kata-qemu', 'katacli']))
    expect(changesIn(await deploy(await archived(options)))).toEqual([])
    await operator.json(0, 'remove', 'kata', '--yes')
    expect(changes(there, await standing())).toEqual([])
    await lab.sh('n1', `cat >${CONFIG} <<'END'\n${before}\nEND\nsystemctl restart containerd`)
  })

  test('[plugins.cri] of schema 1 is refused with the way out, and migrated only when that is wanted', async () => {
    await operator.json(0, 'remove', 'containerd', '--yes')
    await lab.sh('n1', `cat >${CONFIG} <<'END'\n${FIRST}END\nsystemctl restart containerd`)
    const there = await standing()
    const {
      paths = [],
      restarts,
      result,
    } = (await watched(lab, ['n1'], async () => deploy(await archived({}), 8)))['n1'] ?? {}
    expect(paths.filter((path) => !/^\+ \/opt\/kata/.test(path))).toEqual([]) // Kata is unpacked, and waits for its runtime
    expect(restarts).toBe(0)
    expect(JSON.stringify(result)).toMatch(/no `version` line.*migrate_config/)
    const done = await deploy(await archived({}), 0, '{ migrate_config: true }')
    expect(unitOf(done).status).toBe('active')
    expect(changesIn(await deploy(await archived({}), 0, '{ migrate_config: true }'))).toEqual([])
    await operator.json(0, 'remove', 'kata', '--yes')
    await operator.json(0, 'remove', 'containerd', '--yes')
    expect(changes(there, await standing())).toEqual([])
  })
})

function deploy(application: string, status = 0, containerd = '{}'): Promise<Result> {
  return bundle(application, containerd).then((path) =>
    operator.json(status, 'deploy', path, '-i', lab.lab.inventory, '--yes'),
  )
}

function kata(options: Record<string, unknown>, resource = ''): string {
  return `  kata: { charm: kata, options: ${JSON.stringify({ preflight: 'warn', ...options })}${resource} }\n`
}

async function archived(options: Record<string, unknown>): Promise<string> {
  const { path, sha256 } = await makeStandInKata()
  return kata(options, `, resources: { kata: { path: ${path}, sha256: '${sha256}' } }`)
}

function bundle(application: string, containerd: string): Promise<string> {
  const relations = application === '' ? '' : 'relations:\n  - [kata, containerd]\n'
  const text = `applications:\n  containerd: { charm: containerd, to: all, options: ${containerd} }\n${application}${relations}`
  return operator.write('bundle.yaml', text)
}

function unitOf(result: Result) {
  const unit = result.units?.find((each) => each.unit.startsWith('kata/'))
  if (unit === undefined) throw new Error('the answer names no unit of kata')
  return unit
}

function standing(): Promise<Standing> {
  return standingOf(lab, 'n1', [...RECORDS])
}
