import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStandInKata } from '../../lib/lab/index.ts'
import { ended, newOperator, type Operator } from './support/cli.ts'
import { sessionEnded } from './support/ends.ts'
import { type Hold, layHolds, type StepKind, STEPS } from './support/hold.ts'
import { again } from './support/kill.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { losePackets, restartSshd } from './support/line-faults.ts'
import { type Mind, mindOf, mindsDiffer } from './support/mind.ts'
import { expectNoGap, startTicking, type Ticks, ticksOn } from './support/ticks.ts'

const KINDS = Object.keys(STEPS) as StepKind[]
const LOSS_MS = 30_000

/** The test's own, and what sshd writes when it is restarted. */
const LEFT_OUT = [/^\/run\/hold$/, /^\/run\/sshd\.pid$/]

/** A node with somebody's containerd and a container on it, and an operator who deploys Kata there. */
interface Lane {
  node: string
  operator: Operator
  deploy: string[]
  hold: Hold
  bare: Mind
  ticks: Ticks
}

let lab: TestLab
let lanes: Lane[]
/** What a deploy that nobody disturbed changed on the first node; the same on all. */
let right: string[]

beforeAll(async () => {
  lab = await startLab({
    name: 'e2e-connection',
    nodes: KINDS.map((kind) => ({ name: kind, containerd: true })),
  })
  lanes = await Promise.all(KINDS.map(newLane))
})

afterAll(async () => {
  await lab.down()
  await Promise.all(lanes.map(({ operator }) => operator.leave()))
})

test('sshd restarted in every kind of step, its connections killed or whole sessions: the same end', async () => {
  const [first, second] = lanes
  if (first === undefined || second === undefined) throw new Error('two nodes were expected')
  await again(first.operator, first.deploy)
  right = mindsDiffer(first.bare, await mindOf(lab, first.node, LEFT_OUT))
  expect(right.length).toBeGreaterThan(3)
  await again(first.operator, ['destroy-model', 'default', '--yes'])
  const all = await Promise.all([struck(first, { whole: true }), struck(second, { whole: false })])
  console.log(`sshd restarted in ${all.flat().join(', ')}: the same end`)
  expect(all.map((kinds) => kinds.length)).toEqual([KINDS.length, KINDS.length])
  for (const each of [first, second]) await again(each.operator, ['destroy-model', 'default', '--yes'])
}, 900_000)

test('30 s of lost packets in every kind of step: the run goes on, or says that it lost the connection; the same end', async () => {
  const ends = await Promise.all(lanes.map((lane, index) => lost(lane, KINDS[index] ?? 'probe')))
  console.log(`30 s of lost packets in ${ends.join(', ')}: the same end`)
  expect(ends).toHaveLength(KINDS.length)
}, 900_000)

async function newLane(node: StepKind): Promise<Lane> {
  const operator = await newOperator()
  const { path, sha256 } = await makeStandInKata({ version: '3.20.0' })
  const bundle = `applications:
  containerd: { charm: containerd, to: ${node} }
  kata: { charm: kata, options: { preflight: warn }, resources: { kata: { path: ${path}, sha256: ${sha256} } } }
relations: [[kata, containerd]]
`
  const deploy = ['deploy', await operator.write('bundle.yaml', bundle), '-i', lab.lab.inventory, '--yes']
  const hold = await layHolds(lab, node)
  await startTicking(lab, node)
  const ticks = await ticksOn(lab, node)
  return { node, operator, deploy, hold, bare: await mindOf(lab, node, LEFT_OUT), ticks }
}

/** One deploy, broken in a step of each kind, one after the other; gives the kinds that were reached. */
async function struck(lane: Lane, how: { whole: boolean }): Promise<StepKind[]> {
  const { node, operator, deploy, hold } = lane
  const reached: StepKind[] = []
  for (const kind of KINDS) {
    hold.arm(kind)
    const end = ended(operator.start(...deploy))
    await Promise.race([hold.reached(), end.then(({ stderr }) => Promise.reject(new Error(`${kind}: ${stderr}`)))])
    reached.push(kind)
    await restartSshd(lab, node, how)
    hold.release()
    const { status, stdout, stderr } = await end
    expect(status, `${node}, ${kind}: ${stdout}${stderr}`).toBe(9)
    if (!how.whole) await sessionEnded(lab, node) // else nothing of it is left, and its lock is free at once
  }
  await again(operator, deploy)
  await expectRight(lane)
  return reached
}

/** The step comes to its end while nothing of that gets through. */
async function lost(lane: Lane, kind: StepKind): Promise<string> {
  const { node, operator, deploy, hold } = lane
  hold.arm(kind)
  const end = ended(operator.start(...deploy))
  await Promise.race([hold.reached(), end.then(({ stderr }) => Promise.reject(new Error(`${kind}: ${stderr}`)))])
  const loss = losePackets(lab, node, LOSS_MS)
  await sleep(LOSS_MS / 3)
  hold.release()
  await loss
  const { status, stdout, stderr } = await end
  expect([0, 9], `${node}, ${kind}: ${stdout}${stderr}`).toContain(status)
  await again(operator, deploy)
  await expectRight(lane)
  return `${kind} (${status === 0 ? 'went on' : 'said so'})`
}

async function expectRight({ node, bare, ticks }: Lane): Promise<void> {
  expect(mindsDiffer(bare, await mindOf(lab, node, LEFT_OUT)), node).toEqual(right)
  await expectNoGap(lab, node, ticks)
}
