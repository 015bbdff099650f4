import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStandInKata } from '../../lib/lab/index.ts'
import { changesIn, newOperator, type Operator, type Result, statusesIn } from './support/cli.ts'
import { isRuntimeReady } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { mindOf, mindsDiffer } from './support/mind.ts'
import { expectNoGap, startTicking, type Ticks, ticksOn } from './support/ticks.ts'

const NODE = 'n1'

/** Small disks of their own, so that each can be full alone; in MiB. */
const DISKS = { '/opt': 160, '/var/lib/kcharm': 8, '/var/lib/kcharm/blobs': 8, '/var/lib/kcharm/backups': 2 }

interface Row {
  /** Fills a disk, at once or when the step comes. */
  fill: string
  free: string
  says: RegExp
  deploy: number
  upgrade: number
}

const full = (disk: string) => `! dd if=/dev/zero of=${disk}/filler bs=4k 2>/dev/null`
/** So that not even a line more goes into its last page. */
const PADDED = `m=/var/lib/kcharm/manifest; [ ! -f $m ] || { s=$(stat -c %s $m); head -c $(((4096 - s % 4096) % 4096)) /dev/zero | tr '\\0' '\\n' >>$m; }`

const ROWS: [string, Row][] = [
  [
    'upload',
    {
      fill: full('/var/lib/kcharm/blobs'),
      free: 'rm /var/lib/kcharm/blobs/filler',
      says: /cannot write \/var\/lib\/kcharm\/blobs\/[0-9a-f]{64}: .*No space left on device/,
      deploy: 7,
      upgrade: 8,
    },
  ],
  [
    'manifest append',
    {
      fill: `${PADDED}; ${full('/var/lib/kcharm')}`,
      free: 'rm /var/lib/kcharm/filler',
      says: /manifest .*cannot be written: .*No space left on device/,
      deploy: 7,
      upgrade: 7,
    },
  ],
  [
    'unpack',
    {
      fill: ': >/run/fill',
      free: 'rm /run/fill /opt/filler',
      says: /unpacking failed: .*No space left on device/,
      deploy: 7,
      upgrade: 8,
    },
  ],
  [
    'backup',
    {
      fill: full('/var/lib/kcharm/backups'),
      free: 'rm /var/lib/kcharm/backups/filler',
      says: /\/var\/lib\/kcharm\/backups\/.*No space left on device/,
      deploy: 7,
      upgrade: 8,
    },
  ],
]

let lab: TestLab
let operator: Operator
let ticks: Ticks

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-faults-disk', nodes: [{ name: NODE, containerd: true }] })
  for (const [path, size] of Object.entries(DISKS)) {
    await lab.sh(NODE, `mkdir -p ${path} && mount -t tmpfs -o size=${size}m,mode=755 none ${path}`)
  }
  await writeFile(join(await lab.root(NODE), 'usr/local/bin/tar'), FILLING_TAR, { mode: 0o755 })
  await startTicking(lab, NODE)
  ticks = await ticksOn(lab, NODE)
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

/** There was room enough when it was asked for. */
const FILLING_TAR = `#!/bin/sh
case $1 in -xpof) [ ! -e /run/fill ] || dd if=/dev/zero of=/opt/filler bs=64k 2>/dev/null ;; esac
exec /usr/bin/tar "$@"
`

test('a deploy: at every kind of write nothing is half done, the error is clear; with room again it ends well', async () => {
  const args = await deploy('3.20.0')
  for (const [what, row] of ROWS) {
    const done = await filled(args, row, row.deploy)
    expect(saidIn(done), what).toMatch(row.says)
    expect(await lab.sh(NODE, HALF_DONE), what).toBe('')
    await expectWell()
  }
  await endsWell(args)
})

test('an upgrade: the old version is back or was never left; with room again the same command ends well', async () => {
  const before = await mindOf(lab, NODE, OURS)
  const args = await deploy('3.20.1', 'memory: 512, ')
  for (const [what, row] of ROWS) {
    const done = await filled(args, row, row.upgrade)
    expect(saidIn(done), what).toMatch(row.says)
    expect(mindsDiffer({ ...before, record: [] }, { ...(await mindOf(lab, NODE, OURS)), record: [] }), what).toEqual([])
    await expectWell()
  }
  await endsWell(args)
  expect(await lab.sh(NODE, 'readlink /opt/kata')).toBe('/opt/kata-3.20.1')
})

/** A handler in the daemon's mind, pieces of a tree, or a link to something that is not whole. */
const HALF_DONE = `containerd config dump | grep kata-qemu; find /opt /etc -name '*kcharm*'
[ ! -h /opt/kata ] || [ -x /opt/kata/bin/containerd-shim-kata-v2 ] || echo half a tree`

/** What was tried stands in the record, and bytes of it wait there for the next run. */
const OURS = [/^\/var\/lib\/kcharm$/]

async function deploy(version: string, options = ''): Promise<string[]> {
  const { path, sha256 } = await makeStandInKata({ version })
  const bundle = `applications:
  containerd: { charm: containerd, to: all }
  kata:
    charm: kata
    options: { ${options}preflight: warn }
    resources: { kata: { path: ${path}, sha256: ${sha256} } }
relations: [[kata, containerd]]
`
  return ['deploy', await operator.write('bundle.yaml', bundle), '-i', lab.lab.inventory, '--yes']
}

async function filled(args: string[], { fill, free }: Row, status: number): Promise<Result> {
  await lab.sh(NODE, fill)
  const done = await operator.json(status, ...args)
  await lab.sh(NODE, free)
  return done
}

function saidIn({ units = [], failed = [] }: Result): string {
  return [...units.map(({ message }) => message ?? ''), ...failed.map(({ error }) => error.message)].join('\n')
}

async function endsWell(args: string[]): Promise<void> {
  expect(statusesIn(await operator.json(0, ...args))).toEqual(['containerd/0 active', 'kata/0 active'])
  expect(changesIn(await operator.json(0, ...args))).toEqual([])
  await expectWell()
}

async function expectWell(): Promise<void> {
  expect(await isRuntimeReady(lab, NODE)).toBe(true)
  await expectNoGap(lab, NODE, ticks)
}
