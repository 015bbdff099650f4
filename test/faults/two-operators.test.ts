import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MANIFEST } from '../../lib/host/shell.ts'
import { parseManifest } from '../../lib/lifecycle/manifest.ts'
import { operate } from '../../lib/run/operate.ts'
import { type Outcome, worstOf } from '../../lib/run/outcome.ts'
import { BOTH, testOperator, type TestOperator } from '../run/operator.ts'
import { FULL } from './amount.ts'

const TRIES = FULL ? 200 : 10

test('two operators at once: one is refused, by name or since the machine has changed; never are both at work', async () => {
  const on = await testOperator(1)
  for (const state of ['ann', 'bob']) expect(worstOf(await on.run(on.deploy(bundle(false)), { state }))).toBeUndefined()
  const seen: Record<string, number> = {}
  for (let round = 0; round < TRIES; round++) {
    const ends = await Promise.all([changes(on, 'ann', round), changes(on, 'bob', round)])
    const words = ends.map(verdictOf).sort().join(', ')
    seen[words] = (seen[words] ?? 0) + 1
    for (const end of ends) for (const { error } of end.failed) expect(REFUSALS).toContain(error.code)
    const named = ends.flatMap(({ failed }) =>
      failed.flatMap(({ error }) => (error.code === 'locked' ? error.message : [])),
    )
    for (const message of named)
      expect(message).toMatch(/^n1 is in use by (ann|bob|another kcharm that has only just begun)$/)
    expect(interleaved(join(on.nodes[0]?.root ?? '', MANIFEST))).toEqual([])
  }
  expect(Object.keys(seen)).not.toEqual(['done, done'])
  console.log(`two operators, ${TRIES} tries: ${JSON.stringify(seen)}`)
  expect(worstOf(await on.run(on.deploy(bundle(true)), { state: 'ann' }))).toBeUndefined()
}, 900_000)

const REFUSALS = ['locked', 'plan-stale']

function bundle(restricts: boolean): string {
  return BOTH().replace('to: all', `to: all, options: { restrict_oom_score_adj: '${restricts}' }`)
}

/** Both want the same, and each time something else than what is there. */
async function changes(on: TestOperator, who: string, round: number): Promise<Outcome> {
  return await operate({ ...on.work(who), holder: who }, on.deploy(bundle(round % 2 === 0)))
}

function verdictOf(outcome: Outcome): string {
  return worstOf(outcome) ?? 'done'
}

/** Of each unit: lines of one operation between another's begin and end. */
function interleaved(file: string): string[] {
  const open = new Map<string, string>()
  return parseManifest(readFileSync(file, 'utf8')).flatMap((line) => {
    if (line.t === 'end') open.delete(line.record.unit)
    if (line.t !== 'begin' && (line.t !== 'intent' || line.op === 'compacted')) return []
    const other = open.get(line.unit)
    if (line.t === 'begin') open.set(line.unit, line.op)
    const wrong = line.t === 'begin' ? other !== undefined : other !== line.op
    return wrong ? [`${line.unit}: ${line.t} of ${line.op} while ${other} is open`] : []
  })
}
