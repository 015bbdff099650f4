import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { MANIFEST } from '../../lib/host/shell.ts'
import { holdings, parseManifest, recordsOf } from '../../lib/lifecycle/manifest.ts'
import type { Outcome } from '../../lib/run/outcome.ts'
import type { Verb } from '../../lib/run/verb.ts'
import { remove } from '../../lib/run/verbs/remove.ts'
import { listing } from '../host/listing.ts'
import { deployment, type Deployment } from '../lab/rootless/deployment.ts'
import { type Fault, FAULTS, interfere } from './support/interfere.ts'

interface Case {
  request: number
  fault: Fault
  delayMs: number
  /** The next operator knows nothing: another laptop, or a deleted state folder. */
  forgets: boolean
}

/** Cases that are played at the same time, each on a node of its own. */
const AT_ONCE = 3

test('wherever a deploy loses its line, its shell or its machine, the next one comes to the same end', async () => {
  const right = await endOf(async (on) => void (await on.run(on.deploy)))
  const cases = await casesOf((on, through) => on.run(on.deploy, { through }))
  const wrong = await sweep(cases, right, async (on, each) => {
    const { through } = interfere(on.node, each)
    await on.run(on.deploy, { through }).catch(() => undefined)
    await untilDone(on, on.deploy, each.forgets ? 'another' : 'state')
  })
  console.log(`${cases.length} broken deploys, ${wrong.length} came to another end`)
  expect(wrong).toEqual([])
  expect(cases.length).toBeGreaterThan(150)
}, 1_800_000)

test('wherever a removal is broken off, the next one leaves nothing', async () => {
  const bare = await endOf(async () => undefined)
  const all = await casesOf(async (on, through) => {
    await on.run(on.deploy)
    return await on.run(removal, { through })
  })
  const cases = roughOf(all)
  const wrong = await sweep(cases, bare, async (on, each) => {
    await on.run(on.deploy)
    const { through } = interfere(on.node, each)
    await on.run(removal, { through }).catch(() => undefined)
    await untilDone(on, removal, 'state')
  })
  console.log(`${cases.length} broken removals, ${wrong.length} left something`)
  expect(wrong).toEqual([])
  expect(cases.length).toBeGreaterThan(30)
}, 1_800_000)

test('what a broken deploy has left is removed, at once or after the deploy has been mended', async () => {
  const bare = await endOf(async () => undefined)
  const cases = await casesOf((on, through) => on.run(on.deploy, { through }))
  const rough = roughOf(cases)
  const wrong = await sweep(rough, bare, async (on, each) => {
    const { through } = interfere(on.node, each)
    await on.run(on.deploy, { through }).catch(() => undefined)
    if (each.forgets) await untilDone(on, on.deploy, 'state')
    await untilDone(on, removal, 'state')
  })
  console.log(`${rough.length} broken deploys were removed, ${wrong.length} left something`)
  expect(wrong).toEqual([])
}, 1_800_000)

/** Removes both: their relation is taken back first, in order. */
const removal: Verb = {
  title: 'remove both',
  declare(before) {
    const names = ['kata', 'containerd'].filter((name) => before.model.applications[name])
    const gone = names.map((name) => remove(name, { units: [], charms }))
    return { ...gone.reduce((declared, verb) => ({ ...before, ...verb.declare(declared) }), before) }
  },
}

/** Every request of a run, with every fault, at one moment or another of it, with and without the operator's state. */
async function casesOf(run: (on: Deployment, through: ReturnType<typeof interfere>['through']) => Promise<unknown>) {
  const on = await deployment()
  const { count, through } = interfere(on.node)
  await run(on, through)
  await on.close()
  return Array.from({ length: count() }).flatMap((_, request) =>
    FAULTS.map((fault, index): Case => {
      const late = (request + index) % 2 === 1
      const delayMs = late ? 30 + ((request * 53) % 150) : 5 + ((request * 7) % 20)
      return { request, fault, delayMs, forgets: (request >> 1) % 2 === 1 }
    }),
  )
}

/** The two that leave the most behind: a step that was done and not heard of, and a machine that starts anew. */
function roughOf(cases: Case[]): Case[] {
  return cases.filter(({ fault }) => fault === 'after' || fault === 'power')
}

/** Plays all cases and gives those that did not come to the right end. */
async function sweep(
  cases: Case[],
  right: string[],
  play: (on: Deployment, each: Case) => Promise<void>,
): Promise<object[]> {
  const wrong: object[] = []
  const todo = [...cases]
  const worker = async (): Promise<void> => {
    for (let each = todo.shift(); each !== undefined; each = todo.shift()) {
      const at = each
      const end = await endOf((on) => play(on, at)).catch((error: unknown) => String(error))
      const odd = typeof end === 'string' ? [end] : difference(end, right)
      if (odd.length > 0) wrong.push({ ...at, odd: odd.slice(0, 5) })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return wrong
}

function difference(end: string[], right: string[]): string[] {
  const missing = right.filter((line) => !end.includes(line)).map((line) => `missing: ${line}`)
  return [...end.filter((line) => !right.includes(line)), ...missing]
}

/** As an operator does: again, while a step of the broken run still goes on. Then nothing is left to do. */
async function untilDone(on: Deployment, verb: Verb, state: string): Promise<void> {
  for (;;) {
    const outcome = await on.run(verb, { state })
    const goesOn = outcome.failed.some(({ error }) => ['locked', 'plan-stale'].includes(error.code))
    if (!goesOn) return assertWell(outcome)
    await sleep(100)
  }
}

function assertWell({ failed, units }: Outcome): void {
  const words = failed.map(({ error }) => error.message)
  const ill = units.filter(({ status }) => !['active', 'terminated'].includes(status))
  const faults = ill.map(
    ({ record, status }) => `${record.unit} ${status}: ${record.fault?.message ?? record.message ?? ''}`,
  )
  if (words.length + faults.length > 0) throw new Error([...words, ...faults].join('; '))
}

/** Not compared: what daemons and the stand-ins write for themselves, also a dpkg that lost its power. Of the manifest, its net state is. */
const LEAVE = ['var/log/stand-in', 'run/systemd', 'run/kcharm', 'run/containerd', 'var/lib/kcharm/manifest']

async function endOf(play: (on: Deployment) => Promise<void>): Promise<string[]> {
  const on = await deployment()
  try {
    await play(on)
    const listed = listing(on.root, { leave: LEAVE }).filter(
      (line) => !/^"var\/lib\/dpkg\/stand-in\/[^"]*(\.new|\.interrupted)"/.test(line),
    )
    const lines = [...listed, ...netState(on.root), ...serviceState(on.root)]
    return lines.map((line) => line.replaceAll(on.root, ''))
  } finally {
    await on.close()
  }
}

function netState(root: string): string[] {
  const lines = parseManifest(read(join(root, MANIFEST)))
  return [...recordsOf(lines).values()].flatMap((record) => [
    `${record.unit} is ${record.state} ${record.version ?? ''}`,
    ...holdings(lines, record.unit).map(
      ({ key, before }) => `${record.unit} holds ${key}, before ${JSON.stringify(before)}`,
    ),
  ])
}

function serviceState(root: string): string[] {
  return [`containerd is ${read(join(root, 'run/systemd/stand-in/containerd')).split(' ')[0]}`]
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
