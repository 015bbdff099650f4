import { expect, test } from 'vitest'
import type { Surroundings } from '../../lib/lifecycle/ask.ts'
import { crashSweep, type Scenario } from '../../lib/testing/crash-sweep.ts'
import { play } from '../../lib/testing/play.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

/** A scenario: a machine, what was deployed on it before, and what is wanted now. */
function scenario(
  name: string,
  given: { machine: typeof bareMachine; before?: Wanted; wanted: Wanted; fails?: number },
): Scenario {
  return {
    name,
    machine() {
      const machine = given.machine()
      if (given.before) play(siteFor(machine, given.before), machine)
      return machine
    },
    site: (machine) => siteFor(machine, given.wanted),
    ...(given.fails === undefined ? {} : { fails: (step: number) => step === given.fails }),
  }
}

const gone: Wanted = { ...FRESH, containerd: 'absent', kata: 'absent', related: false }
const alone: Wanted = { ...FRESH, related: false }
const two: Wanted = { ...FRESH, shims: ['qemu', 'clh'] }

const scenarios: Scenario[] = [
  scenario('deploy on a bare machine', { machine: bareMachine, wanted: FRESH }),
  scenario('deploy where containerd was adopted', { machine: adoptedMachine, wanted: FRESH }),
  scenario('relate', { machine: bareMachine, before: alone, wanted: FRESH }),
  scenario('unrelate', { machine: bareMachine, before: FRESH, wanted: alone }),
  scenario('another shim', { machine: adoptedMachine, before: FRESH, wanted: two }),
  scenario('an option', { machine: bareMachine, before: FRESH, wanted: { ...FRESH, restrictOom: 'true' } }),
  scenario('settings of Kata', { machine: bareMachine, before: FRESH, wanted: { ...FRESH, memory: 512 } }),
  scenario('no more settings of Kata', { machine: bareMachine, before: { ...FRESH, memory: 512 }, wanted: FRESH }),
  scenario('remove all', { machine: bareMachine, before: FRESH, wanted: gone }),
  scenario('remove all where containerd was adopted', { machine: adoptedMachine, before: FRESH, wanted: gone }),
  scenario('remove kata while related', { machine: bareMachine, before: FRESH, wanted: { ...FRESH, kata: 'absent' } }),
  ...[0, 2, 4, 5, 6, 7].map((fails) =>
    scenario(`deploy whose step ${fails} fails`, { machine: bareMachine, wanted: FRESH, fails }),
  ),
  ...[0, 1, 2, 3, 4].map((fails) =>
    scenario(`unrelate whose step ${fails} fails`, { machine: adoptedMachine, before: FRESH, wanted: alone, fails }),
  ),
]

test('a run cut off at every boundary, and at every pair of boundaries, comes to the same end', () => {
  const results = scenarios.map((each) => crashSweep(each, { pairs: true }))
  expect(results.flatMap((result) => result.faults)).toEqual([])
  const runs = results.reduce((sum, result) => sum + result.runs, 0)
  console.log(`crash sweep: ${scenarios.length} scenarios, ${runs} runs, all came to the same end`)
  expect(runs).toBeGreaterThan(5000)
}, 300_000)

test('a connection lost at every boundary is neither success nor failure', () => {
  const results = scenarios.map((each) => crashSweep(each, { pairs: false, lost: true }))
  expect(results.flatMap((result) => result.faults)).toEqual([])
}, 300_000)

test('rule 4 taken out: a lost connection taken for a failure does not come to the same end', () => {
  const without: Surroundings['without'] = { lostIsNeither: true }
  const faults = scenarios.flatMap((each) => crashSweep(each, { pairs: false, lost: true, without }).faults)
  expect(faults.length).toBeGreaterThan(0)
}, 300_000)
