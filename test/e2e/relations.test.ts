import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { applications, KATA } from './support/bundles.ts'
import { changesIn, newOperator, type Operator, type Result, statusesIn } from './support/cli.ts'
import type { Fingerprint } from './support/fingerprint.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, type Doing, RECORDS, type Standing, standingOf, watched } from './support/standing.ts'

/** containerd 1.6 by its package, 1.7 that was there before, and 2.3 from its archive; their user is `op`, with sudo. */
const NODES = ['bookworm', 'adopted', 'archive']
const CONTAINERDS = ['containerd-2/0 active', 'containerd/0 active', 'containerd/1 active']

let lab: TestLab
let operator: Operator
let bundle: string
let before: Standing[]
/** The nodes with containerd alone. */
let unrelated: Standing[]

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({
    name: 'e2e-relations',
    user: 'op',
    nodes: [
      { name: 'bookworm', base: 'bookworm', tags: ['package'] },
      { name: 'adopted', containerd: true, tags: ['package'] },
      { name: 'archive', tags: ['archive'] },
    ],
  })
  await lab.sh('archive', 'apt-get -qq install -y --no-install-recommends runc')
  before = await Promise.all(NODES.map((node) => standingOf(lab, node)))
  bundle = await operator.write('bundle.yaml', await applications(['package', 'archive']))
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('kata is declared and related to nothing: it has no unit and nothing on any machine', async () => {
  const result = await deploy()
  expect(statusesIn(result)).toEqual(CONTAINERDS)
  unrelated = await standings()
  for (const { files } of unrelated) expect(kataFiles(files)).toEqual([])
  expect((await operator.run('status')).stdout).toMatch(/^kata +unknown +0 +kata$/m)
})

test('relate: a unit on each machine of containerd, its handler in the daemon, one restart', async () => {
  const done = await watched(lab, NODES, relate)
  for (const node of NODES) {
    expect(done[node]?.restarts).toBe(1)
    expect(await handlersOn(node)).toMatchObject({ [KATA.handler]: { path: KATA.shim, configPath: KATA.config } })
  }
  expect(await unitsOf()).toEqual([...CONTAINERDS, 'kata-2/0 active', 'kata/0 active', 'kata/1 active'].sort())
})

test('unrelate: one restart on the bytes of before, and only then its unit and its files go', async () => {
  const done = await watched(lab, NODES, unrelate)
  for (const node of NODES) await expectUnrelated(node, done[node])
  expect(await unitsOf()).toEqual(CONTAINERDS)
})

test('remove while related: the same', async () => {
  await relate()
  const done = await watched(lab, NODES, removeKata)
  for (const node of NODES) await expectUnrelated(node, done[node])
  expect(await unitsOf()).toEqual(CONTAINERDS)
  expect((await operator.run('status')).stdout).not.toContain('kata')
})

test('remove while unrelated: nothing on any machine', async () => {
  await deploy()
  const done = await watched(lab, NODES, removeKata)
  for (const node of NODES) {
    expect(done[node]).toMatchObject({ paths: [], restarts: 0 })
    expect(done[node]?.result.flatMap(changesIn)).toEqual([])
    expect(done[node]?.after.daemon).toEqual(done[node]?.before.daemon)
  }
  expect((await operator.run('status')).stdout).not.toContain('kata')
})

test.each(['unrelate kata containerd', 'remove kata', 'remove containerd'])(
  '%s is refused while a sandbox of its handler lives, and goes on when that has ended',
  async (words) => {
    const verb = [...words.split(' '), '--yes']
    await deploy()
    await operator.json(0, 'relate', 'kata', 'containerd', '--yes')
    await beginSandbox('bookworm')
    const done = await watched(lab, ['bookworm'], () => operator.json(8, ...verb))
    expect(done['bookworm']).toMatchObject({ paths: [], restarts: 0 })
    expect(done['bookworm']?.after.daemon).toEqual(done['bookworm']?.before.daemon)
    expect(await handlersOn('bookworm')).toHaveProperty(KATA.handler)
    const refused = done['bookworm']?.result.units?.find(
      ({ machine, unit }) => machine === 'bookworm' && /^kata/.test(unit),
    )
    expect(refused).toMatchObject({
      status: 'blocked',
      message: '1 sandboxes still live under its handlers: e2e-sandbox',
    })

    await endSandbox('bookworm')
    await operator.json(0, ...verb)
    expect(await exists('bookworm', '/opt/kata')).toBe(false)
  },
)

test('after removing all, the machines are as before the deploy', async () => {
  await removeKata()
  await operator.json(0, 'remove', 'containerd-2', '--yes')
  const after = await Promise.all(NODES.map((node) => standingOf(lab, node)))
  expect(before.map((was, i) => changes(was, after[i] ?? was))).toEqual(NODES.map(() => []))
})

function deploy() {
  return operator.json(0, 'deploy', 'bundle', bundle, '--inventory', lab.lab.inventory, '--yes')
}

async function relate() {
  return [
    await operator.json(0, 'relate', 'kata', 'containerd', '--yes'),
    await operator.json(0, 'relate', 'containerd-2', 'kata-2', '--yes'),
  ]
}

async function unrelate() {
  return [
    await operator.json(0, 'unrelate', 'containerd:handlers', 'kata', '--yes'),
    await operator.json(0, 'unrelate', 'kata-2', 'containerd-2', '--yes'),
  ]
}

async function removeKata() {
  return [await operator.json(0, 'remove', 'kata', '--yes'), await operator.json(0, 'remove', 'kata-2', '--yes')]
}

/** containerd was restarted once, is as before kata came, and kata's files went after that restart. */
async function expectUnrelated(node: string, done: Doing<Result[]> | undefined) {
  expect(done?.restarts).toBe(1)
  expect(await handlersOn(node)).not.toHaveProperty(KATA.handler)
  const was = unrelated[NODES.indexOf(node)]
  expect(was && changes(was, await standingOf(lab, node, RECORDS))).toEqual([])
  const own = done?.result.flatMap(({ machines = [] }) => machines.filter(({ machine }) => machine === node))
  expect(own?.flatMap(({ changes }) => changes.map(({ key }) => key))).toEqual([
    expect.stringMatching(/^file:\/etc\/containerd\//),
    'svc:containerd',
    'link:/opt/kata',
    'tree:/opt/kata-3.20.0',
  ])
  const removed = statSync(join(await lab.root(node), 'opt')).mtimeMs
  expect(removed).toBeGreaterThan((done?.after.daemon.since ?? Infinity) * 1000)
}

async function standings(): Promise<Standing[]> {
  return Promise.all(NODES.map((node) => standingOf(lab, node, RECORDS)))
}

async function handlersOn(node: string) {
  return handlersInDump(await lab.sh(node, 'containerd config dump'))
}

/** What `status` has of units, in Juju's words. */
async function unitsOf(): Promise<string[]> {
  const { stdout } = await operator.run('status', '--refresh')
  const rows = stdout.split('\n').flatMap((line) => /^ *([a-z0-9-]+\/\d+) +(\S+)/.exec(line) ?? [])
  return rows.flatMap((cell, i) => (i % 3 === 0 ? [cell.trim().replace(/ +/, ' ')] : [])).sort()
}

function kataFiles(files: Fingerprint): string[] {
  return [...files.keys()].filter((path) => /\bkata/.test(path))
}

async function exists(node: string, path: string): Promise<boolean> {
  return existsSync(join(await lab.root(node), path))
}

/** As Kata's shim and its runtime would look: a process with the sandbox's id, and its run folder. */
async function beginSandbox(node: string): Promise<void> {
  await lab.sh(
    node,
    `mkdir -p /run/vc/sbs/e2e-sandbox
    printf '#!/bin/sh\\nsleep 100000\\n' >/run/containerd-shim-kata-v2 && chmod +x /run/containerd-shim-kata-v2
    systemd-run -q --collect --unit=e2e-sandbox /run/containerd-shim-kata-v2 -namespace k8s.io -id e2e-sandbox`,
  )
}

async function endSandbox(node: string): Promise<void> {
  await lab.sh(node, 'systemctl stop e2e-sandbox; rm -r /run/vc /run/containerd-shim-kata-v2')
}
