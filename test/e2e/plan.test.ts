import { appendFile, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../lib/lab/index.ts'
import { applications, RELATIONS } from './support/bundles.ts'
import { changesIn, newOperator, type Operator, type Ran, type Result, statusesIn } from './support/cli.ts'
import { CONFIG, configOf } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { bareLogin, changesBetween, kernelSpeaks, quiet, type Snapshot, snapshotOutside } from './support/snapshot.ts'
import { changes, standingOf } from './support/standing.ts'

/** A bare machine, and one where somebody runs containerd already. */
const NODES = ['bare', 'found'] as const

/** Where a kernel has modules for Kata they are loaded as well; these nodes share the kernel of whoever runs the test. */
const MODULES = / (mod:|file:\/etc\/modules-load\.d\/)/
const PLANNED = [
  'containerd/0 pkg:containerd',
  'containerd/0 file:/etc/containerd/config.toml',
  'containerd/0 svc:containerd',
  'kata/0 tree:/opt/kata-3.20.0',
  'kata/0 link:/opt/kata',
  'containerd/1 file:/etc/containerd/config.toml',
  'containerd/1 svc:containerd',
  'kata/1 tree:/opt/kata-3.20.0',
  'kata/1 link:/opt/kata',
]

const SECRETS = ['hunter2-of-the-registry', 'hunter3-in-a-url', 'hunter4-identity', 'aHVudGVyNTpodW50ZXI1']
const OWN_CONFIG = `version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".registry.configs."registry.example".auth]
  username = "builder"
  password = "${SECRETS[0]}"
  identitytoken = "${SECRETS[2]}"
  auth = "${SECRETS[3]}"
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
  endpoint = ["https://robot:${SECRETS[1]}@mirror.example"]
`

let lab: TestLab
let operator: Operator
let bundle: string
/** Everything that kcharm printed in this file. */
const printed: string[] = []

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({
    name: 'e2e-plan',
    nodes: [
      { name: 'bare', tags: ['package'] },
      { name: 'found', containerd: true, tags: ['package'] },
    ],
  })
  await writeFile(join(await lab.root('found'), CONFIG), OWN_CONFIG, { mode: 0o600 })
  await lab.sh('found', 'systemctl restart containerd')
  for (const node of NODES) await quiet(lab, node)
  bundle = await operator.write(
    'bundle.yaml',
    `${await applications(['package'])}relations:\n  - ${RELATIONS.package}\n`,
  )
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

describe.each<User>(['root', 'op'])('as %s', (user) => {
  test('plan and --dry-run leave a machine as a bare login leaves it: every file, every time', async () => {
    const inventory = await inventoryOf(user)
    const first = await snapshots()
    for (const node of NODES) await bareLogin(lab, node, user)
    const second = await snapshots()
    for (const node of NODES) await kernelSpeaks(lab, node)
    for (const node of NODES) await bareLogin(lab, node, user)
    const third = await snapshots()
    const learned = NODES.map((_, i) => new Set([...between(first, second, i), ...between(second, third, i)]))

    expect(wishedIn(await json(0, 'plan', bundle, '-i', inventory))).toEqual(PLANNED.toSorted())
    const planned = await snapshots()
    expect(news(third, planned, learned)).toEqual([[], []])

    expect(wishedIn(await json(0, 'deploy', bundle, '-i', inventory, '--dry-run'))).toEqual(PLANNED.toSorted())
    const tried = await snapshots()
    expect(news(planned, tried, learned)).toEqual([[], []])
  })
})

test('these snapshots notice a file that came and went, bytes with an old time, and bytes that are the same again', async () => {
  const first = await snapshotOutside(lab, 'bare')
  await lab.sh(
    'bare',
    `set -e; : >/run/lock/brief; rm /run/lock/brief; : >/var/tmp/left
    cp -p /etc/hosts /etc/hosts.new; echo '# x' >>/etc/hosts.new; touch -r /etc/hosts /etc/hosts.new; cat /etc/hosts.new >/etc/hosts
    touch -r /etc/hosts.new /etc/hosts; rm /etc/hosts.new; cp /etc/issue /tmp/i; cat /tmp/i >/etc/issue; chmod 600 /tmp/i`,
  )
  const found = changesBetween(first, await snapshotOutside(lab, 'bare'))
  expect(found).toEqual(
    expect.arrayContaining([
      '~ /run/lock: modified, changed',
      '+ /var/tmp/left',
      '~ /etc/hosts: digest, changed',
      '~ /etc/issue: modified, changed',
      '+ /tmp/i',
    ]),
  )
  await lab.sh('bare', 'rm /var/tmp/left /tmp/i')
})

describe('a kept plan', () => {
  test.each<[string, { node: string; drift(): Promise<void>; back(): Promise<void>; names: string }]>([
    [
      'a file with a line more',
      {
        node: 'found',
        drift: async () => appendFile(join(await lab.root('found'), CONFIG), '# by hand\n'),
        back: async () => writeFile(join(await lab.root('found'), CONFIG), OWN_CONFIG),
        names: `file:${CONFIG}, svc:containerd, text:${CONFIG}`,
      },
    ],
    [
      'a link that somebody made',
      {
        node: 'bare',
        drift: async () => symlink('/srv', join(await lab.root('bare'), 'opt/kata')),
        back: async () => rm(join(await lab.root('bare'), 'opt/kata')),
        names: 'link:/opt/kata',
      },
    ],
    [
      'a package that came',
      {
        node: 'bare',
        drift: async () => void (await lab.sh('bare', 'apt-get -qq install -y --no-install-recommends runc')),
        back: async () => void (await lab.sh('bare', 'apt-get -qq purge -y --autoremove runc')),
        names: 'apt:containerd',
      },
    ],
  ])('is refused when a machine has drifted (%s), naming what, and nothing is changed', async (_what, given) => {
    const file = await keep(`refused-${given.node}.plan`)
    await given.drift()
    const before = await standings()
    const refused = await run('apply', file)
    expect(refused).toMatchObject({ status: 6, stdout: '' })
    expect(refused.stderr).toBe(
      `error: the machines are not as they were when the plan was made\n` +
        `  ${given.node}: ${given.names}\n` +
        `  hint: nothing was changed; plan again and look at what is different\n`,
    )
    expect(await json(6, 'apply', file)).toMatchObject({
      error: { code: 'plan-stale', faults: [`${given.node}: ${given.names}`] },
    })
    const after = await standings()
    expect(before.map((was, i) => changes(was, after[i] ?? was))).toEqual([[], []])
    expect((await run('status')).status).toBe(4)
    await given.back()
  })

  test('holds no secret, is for its owner’s eyes, and is carried out as it stands, whatever became of the bundle', async () => {
    await lab.sh('found', 'systemctl restart containerd')
    const plan = await json(0, 'plan', bundle, '-i', lab.lab.inventory, '--out', join(operator.folder, 'kept.plan'))
    expect((await stat(join(operator.folder, 'kept.plan'))).mode & 0o777).toBe(0o600)
    await writeFile(
      bundle,
      (await readFile(bundle, 'utf8')).replace(
        'charm: containerd,',
        'charm: containerd, options: { restrict_oom_score_adj: false },',
      ),
    )
    const applied = await json(0, 'apply', join(operator.folder, 'kept.plan'))
    expect(changesIn(applied)).toEqual(changesIn(plan))
    expect(statusesIn(applied)).toEqual([
      'containerd/0 active',
      'containerd/1 active',
      'kata/0 active',
      'kata/1 active',
    ])
    expect(await configOf(lab, 'found')).toContain('restrict_oom_score_adj = true')
    for (const secret of SECRETS) expect(await configOf(lab, 'found')).toContain(secret)
  })

  test('is not carried out a second time: what is declared has changed since', async () => {
    const refused = await run('apply', join(operator.folder, 'kept.plan'))
    expect(refused.status).toBe(6)
    expect(refused.stderr).toContain('what is declared in the model default has changed since')
  })

  test('of nothing is applied to nothing, and is made of what was deployed', async () => {
    await writeFile(
      bundle,
      (await readFile(bundle, 'utf8')).replace(' options: { restrict_oom_score_adj: false },', ''),
    )
    const file = await keep('nothing.plan')
    expect(await readFile(file, 'utf8')).toContain('"changes": []')
    expect(changesIn(await json(0, 'apply', file))).toEqual([])
  })

  test('is refused when it is no plan, or another version’s', async () => {
    const file = await keep('other.plan')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/"kcharm": "[^"]*"/, '"kcharm": "0.0.0"'))
    expect((await run('apply', file)).status).toBe(6)
    expect((await run('apply', bundle)).status).toBe(2)
  })
})

test('on a deployed machine plan, diff and --dry-run leave nothing either', async () => {
  const first = await snapshots()
  for (const node of NODES) await bareLogin(lab, node, 'root')
  for (const node of NODES) await kernelSpeaks(lab, node)
  const second = await snapshots()
  const learned = NODES.map((_, i) => new Set(between(first, second, i)))
  for (const argv of [['plan', bundle], ['deploy', bundle, '--dry-run'], ['diff']]) {
    expect(changesIn(await json(0, ...argv))).toEqual([])
  }
  expect(news(second, await snapshots(), learned)).toEqual([[], []])
})

test('a drift in a file with secrets is shown without them, by diff, plan and --json', async () => {
  await lab.sh('found', `sed -i 's/runtime_path = .*/runtime_path = "\\/bin\\/false"/; s/hunter2/hunter9/' ${CONFIG}`)
  const shown = await run('diff')
  expect(shown).toMatchObject({ status: 5 })
  expect(shown.stdout).toContain('-  runtime_path = "/bin/false"')
  expect(changesIn(await json(5, 'diff'))).toEqual([
    'containerd/1 file:/etc/containerd/config.toml',
    'containerd/1 svc:containerd',
  ])
  await keep('drifted.plan')
  await run('plan', bundle)
})

test('in nothing that kcharm printed or kept is any secret', async () => {
  const files = await readdir(operator.folder, { recursive: true, withFileTypes: true })
  const kept = files.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  const texts = await Promise.all(kept.map((file) => readFile(file, 'utf8')))
  expect(kept.some((file) => file.endsWith('.plan'))).toBe(true)
  expect(texts.join('\n')).toContain('«secret ')
  expect(printed.join('\n')).toContain('«secret ')
  const manifest = await lab.sh('found', 'cat /var/lib/kcharm/manifest')
  for (const secret of [...SECRETS, 'hunter9', 'hunter3']) {
    for (const text of [...texts, ...printed, manifest]) expect(text).not.toContain(secret)
  }
})

async function run(...args: string[]): Promise<Ran> {
  const ran = await operator.run(...args)
  printed.push(ran.stdout, ran.stderr)
  return ran
}

async function json(status: number, ...args: string[]): Promise<Result> {
  const result = await operator.json(status, ...args)
  printed.push(JSON.stringify(result))
  return result
}

/** A plan of the bundle as it is now, in a file. */
async function keep(name: string): Promise<string> {
  const ran = await run('plan', bundle, '-i', lab.lab.inventory, '--out', join(operator.folder, name))
  expect(ran.status, ran.stderr).toBe(0)
  return join(operator.folder, name)
}

/** The lab's inventory for another of its users. */
async function inventoryOf(user: User): Promise<string> {
  const text = await readFile(lab.lab.inventory, 'utf8')
  return operator.write(`inventory-${user}.yaml`, text.replaceAll('user: root', `user: ${user}`))
}

function wishedIn(result: Result): string[] {
  return changesIn(result)
    .filter((change) => !MODULES.test(change))
    .sort()
}

function snapshots(): Promise<Snapshot[]> {
  return Promise.all(NODES.map((node) => snapshotOutside(lab, node)))
}

function standings() {
  return Promise.all(NODES.map((node) => standingOf(lab, node)))
}

function between(before: Snapshot[], after: Snapshot[], i: number): string[] {
  return changesBetween(before[i] ?? new Map(), after[i] ?? new Map())
}

/** Of each node the changes that a bare login does not make. */
function news(before: Snapshot[], after: Snapshot[], learned: Set<string>[]): string[][] {
  return learned.map((known, i) => between(before, after, i).filter((change) => !known.has(change)))
}
