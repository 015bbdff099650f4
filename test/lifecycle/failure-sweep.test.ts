import { expect, test } from 'vitest'
import { failureSweep } from '../../lib/testing/failure-sweep.ts'
import { FULL } from '../faults/amount.ts'
import { scenarios } from './scenarios.ts'

/** Whose steps fail in pairs as well in a sample. */
const PAIRS = ['relate', 'a new Kata', 'a Kata that does not run', 'back to the old containerd']

test('every step fails, alone and with a later one, also while it is put back; or the operator dies while it is put back', () => {
  const calm = scenarios.filter(({ fails }) => !fails)
  const results = calm.map((each) => failureSweep(each, { pairs: FULL || PAIRS.includes(each.name) }))
  expect(results.flatMap(({ faults }) => faults.map((each) => each.slice(0, 400)))).toEqual([])
  const runs = results.reduce((sum, each) => sum + each.runs, 0)
  console.log(`failure sweep: ${results.length} scenarios, ${runs} runs, none worse than failed, all mended`)
  expect(runs).toBeGreaterThan(FULL ? 900 : 300)
}, 600_000)
