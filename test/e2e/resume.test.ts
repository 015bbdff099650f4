import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applications, RELATIONS } from './support/bundles.ts'
import { changesIn, ended, newOperator, type Operator, statusesIn } from './support/cli.ts'
import { type End, endOn, sessionEnded } from './support/ends.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, type Standing, standingOf } from './support/standing.ts'

/** By node: what is deployed there. Each has an operator of its own. */
const NODES = {
  package: ['containerd', 'kata'],
  archive: ['containerd-2', 'kata-2'],
} as const
type Node = keyof typeof NODES

interface Lane {
  operator: Operator
  deploy: string[]
  bare: Standing
  /** After a deploy that nobody disturbed. */
  deployed: End
  /** How many lines of progress that deploy printed. */
  lines: number
}

let lab: TestLab
let lanes: Record<Node, Lane>

beforeAll(async () => {
  lab = await startLab({
    name: 'e2e-resume',
    nodes: [
      { name: 'package', tags: ['package'] },
      { name: 'archive', tags: ['archive'] },
    ],
  })
  await lab.sh('archive', 'apt-get -qq install -y --no-install-recommends runc')
  lanes = { package: await newLane('package'), archive: await newLane('archive') }
})

afterAll(async () => {
  await lab.down()
  await Promise.all(Object.values(lanes).map(({ operator }) => operator.leave()))
})

test.each(Array.from({ length: 10 }, (_, tenth) => tenth))(
  'killed after %i tenths of a deploy, on each node: the next comes to the same end',
  async (tenth) => {
    const ends = await Promise.all([resumed('package', tenth), resumed('archive', tenth)])
    for (const { node, units, end } of ends) {
      const { deployed } = lanes[node]
      expect(units?.map(({ status }) => status)).toEqual(['active', 'active'])
      expect(changes(deployed.standing, end.standing)).toEqual([])
      expect(end).toEqual(deployed)
    }
  },
)

test('with the state folder gone, deploy restores the declarations from the machine, and all goes on as before', async () => {
  const { operator, bare } = lanes.package
  const deploy = await deployOf(operator, await applications(['package'])) // related and set by hand, not by the bundle
  await operator.json(0, ...deploy)
  await operator.json(0, 'relate', 'kata', 'containerd', '--yes')
  await operator.json(0, 'config', 'containerd', 'restrict_oom_score_adj=false', '--yes')
  const [status, end] = [await statusOf(operator), await endOf(operator, 'package')]

  await rm(operator.state, { recursive: true })
  expect(changesIn(await operator.json(0, ...deploy))).toEqual([])
  expect(await statusOf(operator)).toBe(status)
  expect(await endOf(operator, 'package')).toEqual(end)
  expect((await operator.run('config', 'containerd')).stdout).toMatch(/^restrict_oom_score_adj +false\b/m)

  const unrelated = await operator.json(0, 'unrelate', 'kata', 'containerd', '--yes')
  expect(statusesIn(unrelated)).toEqual(['containerd/0 active'])
  const related = await operator.json(0, 'relate', 'kata', 'containerd', '--yes')
  expect(statusesIn(related)).toEqual(['containerd/0 active', 'kata/0 active'])
  await removeAll({ operator, bare }, 'package')
})

test.each([
  'status',
  'status --refresh',
  'diff',
  'show-unit kata/0',
  'config containerd',
  'config containerd restrict_oom_score_adj=true --yes',
  'relate kata containerd --yes',
  'unrelate kata containerd --yes',
  'resolve kata/0 --yes',
  'remove kata --yes',
])('without a record of the model, `%s` says which command restores it', async (words) => {
  const operator = await newOperator()
  const { error } = await operator.json(4, ...words.split(' '))
  expect(error).toMatchObject({
    code: 'no-model',
    hint: expect.stringMatching(
      /^kcharm deploy bundle BUNDLE .* restores it from its machines; kcharm adopt restores it/,
    ),
  })
  await operator.leave()
})

test('what was removed before the state folder was lost does not come back with it', async () => {
  const { operator, deploy, bare } = lanes.package
  await operator.json(0, ...deploy)
  await operator.json(0, 'remove', 'kata', '--yes')
  await rm(operator.state, { recursive: true })
  const again = ['deploy', 'containerd', '--to', 'package', '--inventory', lab.lab.inventory, '--yes']
  expect(changesIn(await operator.json(0, ...again))).toEqual([])
  expect(await statusOf(operator)).not.toContain('kata')
  await operator.json(0, 'remove', 'containerd', '--yes')
  expect(changes(bare, await standingOf(lab, 'package'))).toEqual([])
})

/** What a killed deploy and the next one came to; looked at when all is removed, so that no place disturbs another. */
async function resumed(node: Node, tenth: number) {
  const lane = lanes[node]
  await killAt(lane, 1 + Math.floor(((lane.lines - 1) * tenth) / 10))
  await sessionEnded(lab, node)
  const { units } = await lane.operator.json(0, ...lane.deploy)
  const end = await endOf(lane.operator, node)
  await removeAll(lane, node)
  return { node, units, end }
}

async function deployOf(operator: Operator, bundle: string): Promise<string[]> {
  return ['deploy', await operator.write('bundle.yaml', bundle), '--inventory', lab.lab.inventory, '--yes']
}

/** What `status` says, but for when it was read. */
async function statusOf(operator: Operator): Promise<string> {
  const { status, stdout, stderr } = await operator.run('status', '--format', 'yaml')
  expect(status, stderr).toBe(0)
  return stdout.replace(/^ +(seen|visited): .*\n/gm, '')
}

async function newLane(node: Node): Promise<Lane> {
  const operator = await newOperator()
  const deploy = await deployOf(operator, `${await applications([node])}relations:\n  - ${RELATIONS[node]}\n`)
  const bare = await standingOf(lab, node)
  const { status, stderr } = await operator.run(...deploy)
  expect(status, stderr).toBe(0)
  const lane = {
    operator,
    deploy,
    bare,
    deployed: await endOf(operator, node),
    lines: stderr.trim().split('\n').length,
  }
  await removeAll(lane, node)
  return lane
}

function endOf(operator: Operator, node: Node): Promise<End> {
  return endOn(lab, operator, { node, apps: NODES[node] })
}

async function removeAll({ operator, bare }: Pick<Lane, 'operator' | 'bare'>, node: Node): Promise<void> {
  for (const app of NODES[node].toReversed()) await operator.json(0, 'remove', app, '--yes')
  expect(changes(bare, await standingOf(lab, node))).toEqual([])
}

/** Kills the process -9 in the moment in which it tells its n-th step. */
async function killAt({ operator, deploy }: Lane, line: number): Promise<void> {
  const child = operator.start(...deploy)
  const end = ended(child)
  let told = 0
  createInterface({ input: child.stderr }).on('line', () => {
    if (++told === line) child.kill('SIGKILL')
  })
  expect(await end).toMatchObject({ status: 137 })
}
