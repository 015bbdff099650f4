import { expect, test } from 'vitest'
import type { Surroundings } from '../../lib/lifecycle/ask.ts'
import { crashSweep } from '../../lib/testing/crash-sweep.ts'
import { scenarios } from './scenarios.ts'

test('a run cut off at every boundary, and at every pair of boundaries, comes to the same end', () => {
  const results = scenarios.map((each) => crashSweep(each, { pairs: true }))
  expect(results.flatMap((result) => result.faults)).toEqual([])
  const runs = results.reduce((sum, result) => sum + result.runs, 0)
  console.log(`crash sweep: ${scenarios.length} scenarios, ${runs} runs, all came to the same end`)
  expect(runs).toBeGreaterThan(5000)
}, 900_000)

test('a connection lost at every boundary is neither success nor failure', () => {
  const results = scenarios.map((each) => crashSweep(each, { pairs: false, lost: true }))
  expect(results.flatMap((result) => result.faults)).toEqual([])
}, 900_000)

test('rule 4 taken out: a lost connection taken for a failure does not come to the same end', () => {
  const without: Surroundings['without'] = { lostIsNeither: true }
  const faults = scenarios.flatMap((each) => crashSweep(each, { pairs: false, lost: true, without }).faults)
  expect(faults.length).toBeGreaterThan(0)
}, 900_000)
