import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { makeStandInKata, nodePowerOff, nodePowerOn } from '../../lib/lab/index.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import { parseInventory } from '../../lib/model/inventory.ts'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { operate } from '../../lib/run/operate.ts'
import { blobProvider } from '../../lib/run/provide-blob.ts'
import { deployBundle } from '../../lib/run/verbs/deploy-bundle.ts'
import type { Workspace } from '../../lib/run/workspace.ts'
import { folderStore } from '../../lib/state/folder-store.ts'
import { changesIn, newOperator, type Operator } from './support/cli.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { type Boundary, standingAt } from './support/standing-at.ts'
import { expectNoGap, startTicking, type Ticks, ticksOn } from './support/ticks.ts'

/** One emulated machine for all: its kernel, its disk and its clock are its own. */
const NODE = 'n1'

let lab: TestLab
let operator: Operator
/** Of a container that counts from the last power cut on. */
let ticks: Ticks
/** What the machine has when nobody disturbs it, by Kata's version. */
const ends: Record<string, string[]> = {}

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-power', kind: 'vm', nodes: [{ name: NODE, containerd: true }] })
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('undisturbed: what a deploy and an upgrade come to', async () => {
  for (const version of ['3.20.0', '3.20.1']) {
    await operator.json(0, ...(await deploy(version)))
    ends[version] = await end()
  }
  await operator.json(0, 'destroy-model', lab.lab.name, '--yes')
})

test('the power goes in a deploy, three times: the rerun after the last comes to the same end', async () => {
  await cut('3.20.0', 'while the tree is unpacked')
  await cut('3.20.0', { key: 'link:/opt/kata', between: 'intent and write' })
  await cut('3.20.0', { key: 'svc:containerd', between: 'intent and write' })
  await operator.json(0, ...(await deploy('3.20.0')))
  expect(different(ends['3.20.0'], await end())).toEqual([])
})

test('the power goes in an upgrade, three times: the rerun after the last comes to the same end', async () => {
  await cut('3.20.1', 'while the tree is unpacked')
  await cut('3.20.1', { key: 'tree:/opt/kata-3.20.1', between: 'write and done' })
  await cut('3.20.1', { key: 'link:/opt/kata', between: 'write and done' })
  await operator.json(0, ...(await deploy('3.20.1')))
  expect(different(ends['3.20.1'], await end())).toEqual([])
})

test('a clock that is a day off is told by inventory check and by what plans, and is in nobody’s way', async () => {
  await startTicking(lab, NODE)
  ticks = await ticksOn(lab, NODE)
  for (const [way, word] of [
    ['+1 day', 'ahead'],
    ['-1 day', 'behind'],
  ] as const) {
    await clockTo(way)
    const told = `its clock is 24 h ${word}: run an NTP client there`
    expect((await operator.run('inventory', 'check', lab.lab.inventory)).stdout).toContain(told)
    const again = await operator.run(...(await deploy('3.20.1')), '--json')
    expect(again.stderr).toContain(`${NODE}: ${told}`)
    expect(changesIn(JSON.parse(again.stdout))).toEqual([])
  }
  await clockTo('now')
  await expectNoGap(lab, NODE, ticks)
})

test('between plan and apply: another machine-id is refused; another hostname alone, and a clock a day off, are shown', async () => {
  const plan = `${operator.folder}/plan.json`
  const inventory = ['--inventory', lab.lab.inventory, '--model', lab.lab.name]
  const [, , bundle = ''] = await deploy('3.20.0')
  const planned = await operator.run('plan', bundle, ...inventory, '--out', plan)
  expect(planned.status, planned.stderr).toBe(0)

  const id = await lab.sh(NODE, 'cat /etc/machine-id')
  await lab.sh(NODE, `echo ${'0'.repeat(31)}1 >/etc/machine-id`)
  const refused = await operator.json(6, 'apply', plan, '--model', lab.lab.name)
  expect(JSON.stringify(refused.error)).toContain('another machine answers: its machine-id is another one')
  expect(different(ends['3.20.1'], await end())).toEqual([])

  await lab.sh(NODE, `echo ${id} >/etc/machine-id; hostname other`)
  await clockTo('-1 day')
  const applied = await operator.run('apply', plan, '--model', lab.lab.name)
  expect(applied.status, applied.stderr).toBe(0)
  expect(applied.stderr).toContain(`${NODE}: the same machine calls itself other now; it was ${NODE} when`)
  expect(applied.stderr).toContain(`${NODE}: its clock is 24 h behind: run an NTP client there`)
  await expectNoGap(lab, NODE, ticks)
})

/** The machine's clock so much off; `now`: right. */
async function clockTo(offset: string): Promise<void> {
  await lab.sh(NODE, `date -s @${Math.round(Date.now() / 1000)} && date -s '${offset}'`)
}

/** The words of a command that deploys this version of Kata. */
async function deploy(version: string): Promise<string[]> {
  const bundle = await operator.write(`${version}.yaml`, await bundleOf(version))
  return ['deploy', 'bundle', bundle, '--inventory', lab.lab.inventory, '--model', lab.lab.name, '--yes']
}

async function bundleOf(version: string): Promise<string> {
  const { path, sha256 } = await makeStandInKata({ version })
  return `applications:
  containerd: { charm: containerd, to: all }
  kata: { charm: kata, resources: { kata: { path: ${path}, sha256: '${sha256}' } } }
relations:
  - [kata, containerd]
`
}

/** Deploys until the machine stands at that boundary, takes its power away there, and switches it on again. */
async function cut(version: string, boundary: Boundary): Promise<void> {
  const text = await bundleOf(version)
  const { inventory, name } = lab.lab
  const { machines } = parseInventory(await readFile(inventory, 'utf8'), { file: inventory, home: homedir() })
  const terms = {
    inventory: { file: inventory, machines },
    bind: {},
    resources: {},
    options: {},
    prune: false,
    lock: { resources: {} },
  }
  const bundle = parseBundle(text, { file: 'bundle.yaml', charms })
  let cuts = 0
  const powerOff = async (): Promise<void> => {
    cuts++
    await nodePowerOff({ lab: name, node: NODE })
  }
  const work: Workspace = {
    store: folderStore(operator.state),
    name,
    charms,
    holder: 'the test',
    open: standingAt(machineOpener({ say: () => undefined }), boundary, powerOff),
    provideBlob: blobProvider(),
    follow: () => undefined,
  }
  const { failed } = await operate(work, deployBundle(bundle, terms, charms))
  expect([cuts, failed.map(({ error }) => error.code)], JSON.stringify(boundary)).toEqual([1, ['connection']])
  expect(await nodePowerOn({ lab: name, node: NODE })).toBe('running')
}

/** Files with their bytes, modules and the daemon's whole mind; without what tells of operations and not of the machine. */
async function end(): Promise<string[]> {
  const places = 'opt/kata* etc/containerd etc/modules-load.d etc/systemd/system var/lib/kcharm'
  const files = `find ${places} ! -name manifest`
  const script = `cd / && { ${files} -printf '%p %y %m %u:%g %l\\n'; ${files} -type f -exec sha256sum {} +; } | sort
systemctl is-active containerd; systemctl is-enabled containerd; containerd config dump
cut -d ' ' -f 1 /proc/modules | grep vhost | sort`
  return (await lab.sh(NODE, script)).split('\n')
}

function different(right: string[] | undefined, is: string[]): string[] {
  if (right === undefined) throw new Error('nobody has seen the right end')
  const missing = right.filter((line) => !is.includes(line)).map((line) => `missing: ${line}`)
  return [...is.filter((line) => !right.includes(line)), ...missing]
}
