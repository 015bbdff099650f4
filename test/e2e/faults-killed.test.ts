import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { makeStandInKata } from '../../lib/lab/index.ts'
import { newOperator, type Operator } from './support/cli.ts'
import { again, killAtLine } from './support/kill.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { type Mind, mindOf, mindsDiffer } from './support/mind.ts'
import { expectNoGap, startTicking, type Ticks, ticksOn } from './support/ticks.ts'

/** Each with an operator of its own, on which the same is done; somebody runs containerd there already. */
const NODES = ['a', 'b'] as const

/** In this order, from a machine that has nothing of ours to one that has nothing of ours. */
const VERBS = ['deploy', 'upgrade', 'unrelate', 'relate', 'remove'] as const
type Verb = (typeof VERBS)[number]

/** What is done in each round; each time it is killed elsewhere. */
const ROUNDS: readonly (readonly Verb[])[] = [VERBS, VERBS, ['deploy', 'remove']]

interface Lane {
  node: string
  operator: Operator
  commands: Record<Verb, string[]>
  /** After a run that nobody disturbed: where it comes to, and how many lines it printed. */
  right: Partial<Record<Verb, { mind: Mind; lines: number }>>
  ticks: Ticks
}

let lab: TestLab
let lanes: Lane[]

beforeAll(async () => {
  lab = await startLab({ name: 'e2e-killed', nodes: NODES.map((name) => ({ name, containerd: true })) })
  lanes = await Promise.all(NODES.map(newLane))
})

afterAll(async () => {
  await lab.down()
  await Promise.all(lanes.map(({ operator }) => operator.leave()))
})

test('killed -9 anywhere in a deploy, upgrade, relate, unrelate or removal: again comes to the same end, the container runs on', async () => {
  const kills = (await Promise.all(lanes.map(sweep))).flat()
  const hit = kills.filter(({ killed }) => killed)
  const verbs = VERBS.map((verb) => `${verb} ${hit.filter((each) => each.verb === verb).length}`)
  console.log(`${kills.length} runs, ${hit.length} killed before they had ended (${verbs.join(', ')}): the same end`)
  expect(hit.length).toBeGreaterThanOrEqual(20)
}, 1_800_000)

async function newLane(node: string): Promise<Lane> {
  const operator = await newOperator()
  const inventory = await operator.write('inventory.yaml', await inventoryOf(node))
  const commands = {
    deploy: [...(await deployOf(operator, node, '3.20.0')), '-i', inventory],
    upgrade: [...(await deployOf(operator, node, '3.20.1')), '-i', inventory],
    unrelate: ['unrelate', 'kata', 'containerd', '--yes'],
    relate: ['relate', 'kata', 'containerd', '--yes'],
    remove: ['destroy-model', 'default', '--yes'],
  }
  await startTicking(lab, node)
  const lane: Lane = { node, operator, commands, right: {}, ticks: await ticksOn(lab, node) }
  for (const verb of VERBS) {
    const { status, stderr } = await operator.run(...commands[verb])
    expect(status, `${verb}: ${stderr}`).toBe(0)
    lane.right[verb] = { mind: await mindOf(lab, node), lines: stderr.trim().split('\n').length }
  }
  return lane
}

async function deployOf(operator: Operator, node: string, version: string): Promise<string[]> {
  const { path, sha256 } = await makeStandInKata({ version })
  const bundle = `applications:
  containerd: { charm: containerd, to: ${node} }
  kata:
    charm: kata
    options: { preflight: warn }
    resources: { kata: { path: ${path}, sha256: ${sha256} } }
relations: [[kata, containerd]]
`
  const file = await operator.write(`${version}.yaml`, bundle)
  return ['deploy', file, '--yes']
}

/** Of the lab, this machine only: an operator without a record of the model looks for it on all of them. */
async function inventoryOf(node: string): Promise<string> {
  const all = parse(await readFile(lab.lab.inventory, 'utf8')) as { machines: { name: string }[] }
  return stringify({ ...all, machines: all.machines.filter(({ name }) => name === node) })
}

async function sweep(lane: Lane): Promise<{ verb: Verb; killed: boolean }[]> {
  const done: { verb: Verb; killed: boolean }[] = []
  for (const [round, verbs] of ROUNDS.entries()) {
    for (const verb of verbs) done.push({ verb, killed: await killedAndAgain(lane, verb, round) })
  }
  return done
}

async function killedAndAgain({ node, operator, commands, right, ticks }: Lane, verb: Verb, round: number) {
  const want = right[verb]
  if (want === undefined) throw new Error(`${verb} was never seen to its end`)
  const nth = round * NODES.length + NODES.findIndex((each) => each === node)
  const line = 1 + Math.floor((nth * (want.lines - 1)) / (ROUNDS.length * NODES.length))
  const { status } = await killAtLine(operator, commands[verb], { line, delayMs: (nth * 37) % 120 })
  await again(operator, commands[verb])
  expect(mindsDiffer(want.mind, await mindOf(lab, node)), `${node}: ${verb}, killed at line ${line}`).toEqual([])
  await expectNoGap(lab, node, ticks)
  return status === 137
}
