import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { type BuiltArchive, makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { type How, operate } from '../../lib/run/operate.ts'
import { exitOf, type Outcome, worstOf } from '../../lib/run/outcome.ts'
import type { Verb } from '../../lib/run/verb.ts'
import { configure } from '../../lib/run/verbs/config.ts'
import { pruneVersions } from '../../lib/run/verbs/prune-versions.ts'
import { resume } from '../../lib/run/verbs/resume.ts'
import { rollBack } from '../../lib/run/verbs/roll-back.ts'
import { upgrade } from '../../lib/run/verbs/upgrade.ts'
import { workspace } from '../ssh/workspace.ts'
import { kataThatLies } from './kata-that-lies.ts'
import { BOTH, planned, testOperator, type TestOperator } from './operator.ts'

const NEXT = '3.20.1'

async function deployed(count: number): Promise<TestOperator> {
  const on = await testOperator(count)
  const { failed } = await on.run(on.deploy(BOTH()))
  expect(failed).toEqual([])
  return on
}

function upgradeTo({ path, sha256 }: BuiltArchive): Verb {
  return upgrade('kata', { files: { kata: path }, lock: { resources: { [basename(path)]: sha256 } } }, charms)
}

async function upgradeToVersion(version: string): Promise<Verb> {
  return upgradeTo(await makeStandInKata({ version }))
}

/** By machine, which version `/opt/kata` leads to. */
function versions(on: TestOperator): string[] {
  return on.nodes.map(({ root }) => readlinkSync(join(root, 'opt/kata')).replace(`${root}/opt/kata-`, ''))
}

function kept(on: TestOperator): string[][] {
  return on.nodes.map(({ root }) => readdirSync(join(root, 'opt')).sort())
}

function failures({ failed }: Outcome): string[] {
  return failed.map(({ machine, error }) => `${machine} ${error.code}`)
}

/** Runs a verb and gives what is said beside the steps. */
async function hear(on: TestOperator, verb: Verb, how: How & { hears?(line: string): void } = {}) {
  const said: string[] = []
  const say = (line: string) => {
    said.push(line)
    how.hears?.(line)
  }
  return { said, outcome: await operate({ ...on.work(), say }, verb, how) }
}

/** Something that is in the way of the next version’s files. */
function obstruct(on: TestOperator, index: number): { mend(): void } {
  const place = join(on.nodes[index]?.root ?? '', `opt/kata-${NEXT}`)
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'file'), 'somebody’s')
  return { mend: () => rmSync(place, { recursive: true }) }
}

test('the canary alone, then so many at a time; rollback in the same waves; nothing is left of it', async () => {
  const on = await deployed(4)
  const before = kept(on)
  const { said, outcome } = await hear(on, await upgradeToVersion(NEXT), { rollout: { maxUnavailable: '2' } })
  expect(said).toEqual(['wave 1 of 3: n1', 'wave 2 of 3: n2, n3', 'wave 3 of 3: n4'])
  expect(worstOf(outcome)).toBeUndefined()
  expect(versions(on)).toEqual([NEXT, NEXT, NEXT, NEXT])
  expect(planned(await on.run(resume))).toEqual([])

  const { units } = await on.stored()
  const back = await hear(on, rollBack('kata', undefined, units), { rollout: { canary: 0, maxUnavailable: '100%' } })
  expect(back.said).toEqual([])
  expect(worstOf(back.outcome)).toBeUndefined()
  expect(versions(on)).toEqual(['3.20.0', '3.20.0', '3.20.0', '3.20.0'])
  expect(kept(on)).toEqual(before)
  expect(planned(await on.run(on.deploy(BOTH())))).toEqual([])
})

test('a canary that is refused leaves the rest as it was; resume tries it there again first; another version goes on', async () => {
  const on = await deployed(3)
  const { outcome } = await hear(on, upgradeTo(await kataThatLies(workspace())))
  expect(failures(outcome)).toEqual(['n2 rollout-stopped', 'n3 rollout-stopped'])
  expect(outcome.failed[0]?.error.message).toMatch(
    /wave before did not end well: n1: stays on 3\.20\.0: 3\.20\.2 was refused/,
  )
  expect(exitOf(worstOf(outcome))).toBe(16)
  expect(versions(on)).toEqual(['3.20.0', '3.20.0', '3.20.0'])
  expect((await on.stored()).faults['n3']).toMatchObject({ code: 'rollout-stopped' })

  const again = await hear(on, resume)
  expect(again.said[0]).toBe('wave 1 of 3: n1')
  expect(failures(again.outcome)).toEqual(failures(outcome))
  expect(
    kept(on)
      .flat()
      .filter((name) => name.includes('3.20.2')),
  ).toEqual([])

  const other = await hear(on, await upgradeToVersion(NEXT))
  expect(other.said).toHaveLength(3)
  expect(worstOf(other.outcome)).toBeUndefined()
  expect(versions(on)).toEqual([NEXT, NEXT, NEXT])
  expect((await on.stored()).faults).toEqual({})
})

test('a machine that cannot take it stops the waves behind it; mended, resume goes on with it and with the rest', async () => {
  const on = await deployed(3)
  const obstacle = obstruct(on, 1)
  const { outcome } = await hear(on, await upgradeToVersion(NEXT))
  expect(failures(outcome)).toEqual(['n3 rollout-stopped'])
  expect(versions(on)).toEqual([NEXT, '3.20.0', '3.20.0'])
  obstacle.mend()
  const { said, outcome: rest } = await hear(on, resume)
  expect(said).toEqual(['wave 1 of 2: n2', 'wave 2 of 2: n3'])
  expect(worstOf(rest)).toBeUndefined()
  expect(versions(on)).toEqual([NEXT, NEXT, NEXT])
})

test('a machine that breaks in the soak time stops the next wave', async () => {
  const on = await deployed(3)
  const hears = (line: string) => {
    if (line.startsWith('watching n1')) rmSync(join(on.nodes[0]?.root ?? '', 'opt/kata'))
  }
  const { said, outcome } = await hear(on, await upgradeToVersion(NEXT), { rollout: { soakMs: 50 }, hears })
  expect(said).toEqual(['wave 1 of 3: n1', 'watching n1 for 0.05 s'])
  expect(failures(outcome)).toEqual(['n2 rollout-stopped', 'n3 rollout-stopped'])
  expect(outcome.failed[0]?.error.message).toContain('n1: after the soak time it needs: ')
  expect(versions({ ...on, nodes: on.nodes.slice(1) })).toEqual(['3.20.0', '3.20.0'])
  const mended = await hear(on, resume, { rollout: { soakMs: 50 } })
  expect(mended.said).toEqual(['wave 1 of 2: n2', 'watching n2 for 0.05 s', 'wave 2 of 2: n3'])
  expect(worstOf(mended.outcome)).toBeUndefined()
  expect(versions(on)).toEqual([NEXT, NEXT, NEXT])
})

test('stopped by the user in the soak time: no time is waited out, and what is left is said to be', async () => {
  const on = await deployed(2)
  const controller = new AbortController()
  const hears = (line: string) => {
    if (line.startsWith('watching')) controller.abort()
  }
  const how = { rollout: { soakMs: 3_600_000 }, hears, stop: () => controller.signal }
  const { outcome } = await hear(on, await upgradeToVersion(NEXT), how)
  expect(failures(outcome)).toEqual(['n2 interrupted'])
  expect(worstOf(outcome)).toBe('interrupted')
  expect(versions(on)).toEqual([NEXT, '3.20.0'])
  expect(worstOf(await on.run(resume))).toBeUndefined()
  expect(versions(on)).toEqual([NEXT, NEXT])
})

test('with --no-rollback a refused upgrade stays for inspection, and rollback puts it back', async () => {
  const on = await deployed(1)
  const { outcome } = await hear(on, upgradeTo(await kataThatLies(workspace())), { keepsFailed: true })
  expect(worstOf(outcome)).toBe('unit-failed')
  expect(existsSync(join(on.nodes[0]?.root ?? '', 'opt/kata-3.20.2'))).toBe(true)
  const { units } = await on.stored()
  expect(worstOf(await on.run(rollBack('kata', undefined, units)))).toBeUndefined()
  expect(versions(on)).toEqual(['3.20.0'])
  expect(existsSync(join(on.nodes[0]?.root ?? '', 'opt/kata-3.20.2'))).toBe(false)
})

test('rollback --to goes back several at once, to the options of that time', async () => {
  const on = await deployed(1)
  await on.run(await upgradeToVersion(NEXT))
  await on.run(configure('kata', { set: { debug: 'true' }, reset: [] }, charms))
  await on.run(await upgradeToVersion('3.20.3'))
  const { units } = await on.stored()
  await expect(on.run(rollBack('kata', '2.0.0', units))).rejects.toMatchObject({
    code: 'not-found',
    message: 'kata: no 2.0.0 is kept on its machines',
    detail: { hint: 'these are: 3.20.0, 3.20.1' },
  })
  expect(worstOf(await on.run(rollBack('kata', '3.20.0', units)))).toBeUndefined()
  expect(versions(on)).toEqual(['3.20.0'])
  expect((await on.stored()).model.applications['kata']).toMatchObject({ setOptions: {} })
  expect(kept(on)[0]?.filter((name) => name.startsWith('kata-'))).toEqual(['kata-3.20.0'])
})

test('what is kept goes with prune-versions, and there is no way back then', async () => {
  const on = await deployed(1)
  await on.run(await upgradeToVersion(NEXT))
  expect(planned(await on.run(pruneVersions('kata')))).toEqual(['n1 kata/0 remove /opt/kata-3.20.0'])
  expect(kept(on)[0]?.filter((name) => name.startsWith('kata-'))).toEqual([`kata-${NEXT}`])
  const { units } = await on.stored()
  await expect(on.run(rollBack('kata', undefined, units))).rejects.toMatchObject({
    code: 'not-found',
    detail: { hint: 'install it as another version: kcharm upgrade' },
  })
  expect(planned(await on.run(pruneVersions('kata')))).toEqual([])
})

test('an application that there is not is refused by each verb, and nothing is asked of machines', async () => {
  const on = await deployed(1)
  const { units } = await on.stored()
  const connections = on.nodes[0]?.stats.connections
  const none = { files: {}, lock: { resources: {} } }
  for (const verb of [upgrade('kat', none, charms), rollBack('kat', undefined, units), pruneVersions('kat')]) {
    await expect(on.run(verb)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('did you mean "kata"?') as string,
    })
  }
  expect(on.nodes[0]?.stats.connections).toBe(connections)
  await expect(on.run(resume, { state: 'none' })).rejects.toMatchObject({ code: 'no-model' })
})

test('the bundle says how; the command line wins', async () => {
  const on = await testOperator(2)
  await on.run(on.deploy(`${BOTH()}rollout: { canary: 0, max-unavailable: 100% }\n`))
  expect((await on.stored()).bundle?.rollout).toEqual({ canary: 0, 'max-unavailable': '100%' })
  expect((await hear(on, await upgradeToVersion(NEXT))).said).toEqual([])
  expect(versions(on)).toEqual([NEXT, NEXT])
  const { units } = await on.stored()
  const back = await hear(on, rollBack('kata', undefined, units), { rollout: { canary: 1 } })
  expect(back.said).toEqual(['wave 1 of 2: n1', 'wave 2 of 2: n2'])
})
