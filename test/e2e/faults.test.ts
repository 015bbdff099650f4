import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeStandInKata } from '../../lib/lab/index.ts'
import {
  type Break,
  dpkgLocked,
  fullDisk,
  noSudo,
  otherHostKey,
  readOnly,
  refusesToStart,
  smallDisk,
  switchedOff,
} from './support/breaks.ts'
import { applications, RELATIONS } from './support/bundles.ts'
import { newOperator, type Operator, type Result } from './support/cli.ts'
import { badKatas, type Archive } from './support/bad-archives.ts'
import { configOf, isRuntimeReady } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'

/** One machine for each fault, and one that has none. On most containerd runs before: that deploys faster. */
const BARE = ['good', 'dpkg-locked']
const FOUND = ['off', 'other-key', 'no-sudo', 'full', 'full-for-uploads', 'small', 'read-only', 'picky', 'archives']

let lab: TestLab
let operator: Operator
let inventory: string
let archivesOnly: string
let knownHosts: string

beforeAll(async () => {
  vi.stubEnv('KCHARM_PATIENCE', '5')
  operator = await newOperator()
  lab = await startLab({
    name: 'e2e-faults',
    nodes: [...BARE.map((name) => ({ name })), ...FOUND.map((name) => ({ name, containerd: true }))],
  })
  knownHosts = join(operator.folder, 'known_hosts')
  await copyFile(lab.lab.knownHosts, knownHosts)
  inventory = await ownInventory('inventory.yaml', () => true)
  archivesOnly = await ownInventory('archives-only.yaml', (name) => name === 'archives')
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await lab.down()
  await operator.leave()
})

interface Row {
  node: string
  break: () => Break
  exit: number
  code: string
  /** What the machine is said to have, when nothing could be done there at all. */
  machine?: RegExp
  /** Its units, as far as anything is known of them: their status, and what they say. */
  units?: Record<string, [status: string, says: RegExp]>
}

/** One after the other on the same model: what was mended before is there to be left in peace. */
const ROWS: [string, Row][] = [
  [
    'a machine that is switched off',
    {
      node: 'off',
      break: () => switchedOff(lab, 'off'),
      exit: 9,
      code: 'connection',
      machine: /^off: no SSH connection to 127\.0\.0\.1:\d+: /,
    },
  ],
  [
    'a host key that is not the known one',
    {
      node: 'other-key',
      break: () => otherHostKey(knownHosts, lab, ['other-key', 'good']),
      exit: 10,
      code: 'host-key',
      machine: /^other-key \(127\.0\.0\.1:\d+\) showed the host key ssh-ed25519 SHA256:\S+; \S+known_hosts:\d+ knows /,
    },
  ],
  [
    'no right to sudo',
    {
      node: 'no-sudo',
      break: () => noSudo(lab, 'no-sudo'),
      exit: 11,
      code: 'auth',
      machine: /^no-sudo: sudo without a password is needed for op and was refused:\nsudo: /,
    },
  ],
  [
    'a full disk below the record',
    {
      node: 'full',
      break: () => fullDisk(lab, 'full', '/var/lib/kcharm'),
      exit: 7,
      code: 'unit-failed',
      machine: /^the manifest \/var\/lib\/kcharm\/manifest cannot be written: /,
      units: { containerd: ['unknown', /^not deployed yet$/], kata: ['unknown', /^not deployed yet$/] },
    },
  ],
  [
    'a disk that is full when an archive is sent',
    {
      node: 'full-for-uploads',
      break: () => fullDisk(lab, 'full-for-uploads', '/var/lib/kcharm/blobs'),
      exit: 7,
      code: 'unit-failed',
      units: {
        containerd: ['active', /^containerd 1\.7\.24$/],
        kata: ['error', /cannot write \/var\/lib\/kcharm\/blobs\/[0-9a-f]{64}: .*No space left on device/],
      },
    },
  ],
  [
    'too little space for Kata',
    {
      node: 'small',
      break: () => smallDisk(lab, 'small', '/opt'),
      exit: 8,
      code: 'unit-blocked',
      units: {
        containerd: ['active', /^containerd 1\.7\.24$/],
        kata: ['blocked', /space in \/opt: found 3 MiB, needs 6\d MiB \(free some space/],
      },
    },
  ],
  [
    'a read-only /opt',
    {
      node: 'read-only',
      break: () => readOnly(lab, 'read-only', '/opt'),
      exit: 8,
      code: 'unit-blocked',
      units: {
        containerd: ['active', /^containerd 1\.7\.24$/],
        kata: ['blocked', /\/opt is writable: found read-only, needs writable \(mount it writable/],
      },
    },
  ],
  [
    'a dpkg that somebody else holds',
    {
      node: 'dpkg-locked',
      break: () => dpkgLocked(lab, 'dpkg-locked'),
      exit: 7,
      code: 'unit-failed',
      units: {
        containerd: [
          'error',
          /^install containerd .*: process \d+ \(\S*perl .*\) has held the package manager for 5 s/,
        ],
        kata: ['waiting', /^$/],
      },
    },
  ],
  [
    'a daemon that does not come up with the new configuration',
    {
      node: 'picky',
      break: () => refusesToStart(lab, 'picky'),
      exit: 7,
      code: 'unit-failed',
      units: {
        containerd: ['error', /^restart containerd: containerd does not come up: .*fatal: no handler wanted here/],
        kata: ['waiting', /^$/],
      },
    },
  ],
]

test.each(ROWS)('%s costs its own units only, and the same command mends it', async (_what, row) => {
  const mended = ROWS.map(([, { node }]) => node).slice(
    0,
    ROWS.findIndex(([, each]) => each === row),
  )
  const bundle = await bundleFor(['good', ...mended, row.node])
  const fault = row.break()
  const config = row.node === 'off' ? undefined : await configOf(lab, row.node)
  await fault.break()

  const broken = await deploy(row.exit, bundle).finally(fault.mend)
  expect(broken.result).toBe(row.code)
  for (const node of ['good', ...mended]) expect(unitsOn(broken, node)).toEqual(ACTIVE)
  if (row.machine) {
    const error = { code: row.code, message: expect.stringMatching(row.machine) as string }
    expect(broken.failed).toEqual([{ machine: row.node, error: expect.objectContaining(error) as object }])
  } else expect(broken.failed).toEqual([])
  const said = Object.fromEntries(Object.entries(row.units ?? {}).map(([app, [status]]) => [app, status]))
  expect(unitsOn(broken, row.node)).toEqual(said)
  for (const [app, [, says]] of Object.entries(row.units ?? {})) expect(messageOf(broken, app, row.node)).toMatch(says)
  if (row.node !== 'off' && said['containerd'] !== 'active') expect(await configOf(lab, row.node)).toBe(config)
  if (row.node === 'picky') expect(await isRuntimeReady(lab, 'picky')).toBe(true)

  const again = await deploy(0, bundle)
  for (const node of ['good', ...mended, row.node]) expect(unitsOn(again, node)).toEqual(ACTIVE)
  expect((await deploy(0, bundle)).machines?.flatMap(({ changes }) => changes)).toEqual([])
})

test('an archive that is not the vouched one, or reaches out of its place, is refused whole; the right one is taken', async () => {
  const before = await opened()
  for (const [archive, says] of await badKatas(operator.folder)) {
    const refused = await deployArchive(7, archive)
    expect(unitsOn(refused, 'archives')).toMatchObject({ kata: 'error' })
    expect(messageOf(refused, 'kata', 'archives')).toMatch(says)
    expect(await opened()).toBe(before)
  }
  expect(unitsOn(await deployArchive(0, await makeStandInKata()), 'archives')).toEqual(ACTIVE)
})

/** Everything where a bad archive would have left something. */
function opened(): Promise<string> {
  return lab.sh('archives', 'find /opt /etc /var/lib/kcharm/blobs -mindepth 1 2>/dev/null | sort')
}

async function deployArchive(status: number, { path, sha256 }: Archive): Promise<Result> {
  const bundle = `applications:
  containerd: { charm: containerd, to: archives }
  kata: { charm: kata, options: { preflight: warn }, resources: { kata: { path: ${path}, sha256: '${sha256}' } } }
relations:
  - ${RELATIONS.package}
`
  const file = await operator.write('archives.yaml', bundle)
  return operator.json(status, 'deploy', 'bundle', file, '--inventory', archivesOnly, '--model', 'archives', '--yes')
}

const ACTIVE = { containerd: 'active', kata: 'active' }

function deploy(status: number, bundle: string): Promise<Result> {
  return operator.json(status, 'deploy', 'bundle', bundle, '--inventory', inventory, '--yes')
}

/** The lab's bundle, on these machines. */
async function bundleFor(nodes: string[]): Promise<string> {
  const apps = (await applications(['package'])).replace('tag=package', `[${nodes.join(', ')}]`)
  return operator.write('bundle.yaml', `${apps}relations:\n  - ${RELATIONS.package}\n`)
}

/** The lab's inventory with known_hosts that may be spoiled, and a machine that is reached through sudo. */
async function ownInventory(file: string, has: (name: string) => boolean): Promise<string> {
  const text = (await readFile(lab.lab.inventory, 'utf8')).replace(lab.lab.knownHosts, knownHosts)
  const mark = '  - name: '
  const [machines = '', rest = ''] = text.split(/^(?=known-hosts)/m)
  const [head = '', ...all] = machines.split(mark)
  const some = all.filter((each) => has(each.split('\n')[0] ?? ''))
  const through = some.map((each) => (each.startsWith('no-sudo\n') ? each.replace('user: root', 'user: op') : each))
  return operator.write(file, [head, ...through].join(mark) + rest)
}

/** Application to status. */
function unitsOn(result: Result, machine: string): Record<string, string> {
  const units = (result.units ?? []).filter((unit) => unit.machine === machine)
  return Object.fromEntries(units.map(({ unit, status }) => [unit.split('/')[0], status]))
}

function messageOf(result: Result, app: string, machine: string): string {
  const found = result.units?.find((unit) => unit.machine === machine && unit.unit.startsWith(`${app}/`))
  return found?.message ?? ''
}
