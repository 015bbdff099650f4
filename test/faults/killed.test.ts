import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { ran } from '../cli/kcharm.ts'
import { type CliLab, lab } from '../cli/lab.ts'
import { listing } from '../host/listing.ts'
import { FULL } from './amount.ts'

/** Kills of each verb, and the machines that they are spread over. */
const KILLS = FULL ? 40 : 2
const LANES = FULL ? 3 : 1

/** What the stand-ins and the node's start write for themselves; of the manifest, what it comes to is compared. */
const LEAVE = ['var/log/stand-in', 'run/systemd', 'run/kcharm', 'run/containerd', 'var/lib/kcharm/manifest']

/** In this order on one node, from a bare machine to a bare machine. */
type VerbName = 'deploy' | 'unrelate' | 'relate' | 'upgrade' | 'go back' | 'remove'

interface Step {
  verb: VerbName
  args: string[]
  /** Lines that it prints when nobody disturbs it. */
  lines: number
  /** What the machine then has. */
  end: string[]
}

test('an operator is killed anywhere in a deploy, upgrade, going back, relate or remove: again comes to the same end', async () => {
  const rounds = Array.from({ length: KILLS }, (_, round) => round)
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const mine = rounds.filter((round) => round % LANES === lane)
    return await killsOn(await lab(), mine)
  })
  const killed = (await Promise.all(lanes)).flat()
  console.log(
    `${killed.length} runs, ${killed.filter(Boolean).length} killed before they had ended: all came to the same end`,
  )
  expect(killed.filter(Boolean).length).toBeGreaterThanOrEqual(FULL ? 200 : killed.length / 2)
}, 3_600_000)

/** Which of the runs were killed before they had ended. */
async function killsOn(on: CliLab, rounds: number[]): Promise<boolean[]> {
  const steps: Step[] = []
  for (const [verb, args] of Object.entries(await commands(on)) as [VerbName, string[]][]) {
    const { status, stderr } = await on.kcharm(...args)
    expect(status, `${verb}: ${stderr}`).toBe(0)
    steps.push({ verb, args, lines: stderr.trim().split('\n').length, end: endOf(on) })
  }
  const kills: boolean[] = []
  for (const round of rounds) {
    for (const step of steps) {
      kills.push(await killed(on, step, round))
      await again(on, step)
      expect(different(endOf(on), step.end).slice(0, 8), `${step.verb}, killed in round ${round}`).toEqual([])
    }
  }
  return kills
}

async function commands(on: CliLab): Promise<Record<VerbName, string[]>> {
  const deploy = await deployOf(on, '3.20.0')
  return {
    deploy,
    unrelate: ['unrelate', 'kata', 'containerd', '--yes'],
    relate: ['relate', 'kata', 'containerd', '--yes'],
    upgrade: await deployOf(on, '3.20.1'),
    'go back': deploy,
    remove: ['destroy-model', 'default', '--yes'],
  }
}

async function deployOf({ folder }: CliLab, version: string): Promise<string[]> {
  const { path, sha256 } = await makeStandInKata({ version })
  const resources = `{ kata: { path: ${path}, sha256: ${sha256} } }`
  const bundle = `applications:
  containerd: { charm: containerd, to: all }
  kata: { charm: kata, options: { preflight: warn }, resources: ${resources} }
relations: [[kata, containerd]]
`
  writeFileSync(join(folder, `${version}.yaml`), bundle)
  return ['deploy', `${version}.yaml`, '-i', 'inventory.yaml', '--yes']
}

/** Kills it -9 at a line of its own, or some milliseconds behind it, fewer towards its end; false when it had ended. */
async function killed({ start }: CliLab, { args, lines }: Step, round: number): Promise<boolean> {
  const child = start(...args)
  const end = ran(child)
  const at = 1 + Math.floor((round * lines) / KILLS)
  const delay = ((round * 37) % 120) * (1 - at / lines)
  let told = 0
  if (child.stderr === null) throw new Error('nothing to read')
  createInterface({ input: child.stderr }).on('line', () => {
    if (++told === at) setTimeout(() => child.kill('SIGKILL'), delay)
  })
  return (await end).status === null
}

/** As a person does: again, while a step of the killed run still goes on; what is declared by then is gone on with. */
async function again({ kcharm }: CliLab, { verb, args }: Step): Promise<void> {
  let words = args
  for (;;) {
    const { status, stdout, stderr } = await kcharm(...words)
    if (status === 0) return
    if (NAMED.includes(verb) && status === 4 && words !== args) return // the model itself has gone
    expect([3, 4, 6, 12], `${verb}: ${status}\n${stdout}${stderr}`).toContain(status)
    if (status === 12 || status === 6) await sleep(200)
    else if (NAMED.includes(verb) && words === args) words = ['resume', '--yes']
    else throw new Error(`${verb}: ${status}\n${stdout}${stderr}`)
  }
}

/** They name what they end or make, and say so when that was declared before. */
const NAMED: VerbName[] = ['unrelate', 'relate', 'remove']

function endOf({ root }: CliLab): string[] {
  const torn = /^"var\/lib\/dpkg\/stand-in\/[^"]*(\.new|\.interrupted)"/
  return listing(root, { leave: LEAVE }).filter((line) => !torn.test(line))
}

function different(end: string[], right: string[]): string[] {
  const missing = right.filter((line) => !end.includes(line)).map((line) => `missing: ${line}`)
  return [...end.filter((line) => !right.includes(line)), ...missing]
}
