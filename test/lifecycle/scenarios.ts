import type { Scenario } from '../../lib/testing/crash-sweep.ts'
import { play } from '../../lib/testing/play.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

/** A scenario: a machine, what was deployed on it before, and what is wanted now. */
function scenario(
  name: string,
  given: { machine: typeof bareMachine; before?: Wanted; then?: Wanted; wanted: Wanted; fails?: number },
): Scenario {
  return {
    name,
    machine() {
      const machine = given.machine()
      for (const each of [given.before, given.then]) if (each) play(siteFor(machine, each), machine)
      return machine
    },
    site: (machine) => siteFor(machine, given.wanted),
    ...(given.fails === undefined ? {} : { fails: (step: number) => step === given.fails }),
  }
}

const gone: Wanted = { ...FRESH, containerd: 'absent', kata: 'absent', related: false }
const alone: Wanted = { ...FRESH, related: false }
const two: Wanted = { ...FRESH, shims: ['qemu', 'clh'] }

const newKata: Wanted = { ...FRESH, kataVersion: '4.0.0' }
const newContainerd: Wanted = { ...FRESH, containerdVersion: '1.7.28' }

const newMajor: Wanted = { ...FRESH, containerdVersion: '2.0.10' }
const oldContainerd: Wanted = { ...FRESH, containerdVersion: '1.7.24' }

/** Everything that is done to machines with both charms. */
export const scenarios: Scenario[] = [
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
  scenario('a new Kata', { machine: bareMachine, before: FRESH, wanted: newKata }),
  scenario('a new containerd', { machine: bareMachine, before: FRESH, wanted: newContainerd }),
  scenario('containerd becomes 2', { machine: adoptedMachine, before: FRESH, wanted: newMajor }),
  scenario('back from containerd 2', { machine: adoptedMachine, before: FRESH, then: newMajor, wanted: oldContainerd }),
  scenario('both new', {
    machine: adoptedMachine,
    before: FRESH,
    wanted: { ...newKata, ...newContainerd, memory: 512 },
  }),
  scenario('back to the old Kata', { machine: bareMachine, before: FRESH, then: newKata, wanted: FRESH }),
  scenario('back to the old containerd', {
    machine: bareMachine,
    before: FRESH,
    then: newContainerd,
    wanted: oldContainerd,
  }),
  scenario('a Kata that does not run', {
    machine: bareMachine,
    before: FRESH,
    wanted: { ...FRESH, kataVersion: '3.99.0' },
  }),
  scenario('remove all after an upgrade', { machine: bareMachine, before: FRESH, then: newKata, wanted: gone }),
  ...[0, 2, 4, 5, 6, 7].map((fails) =>
    scenario(`deploy whose step ${fails} fails`, { machine: bareMachine, wanted: FRESH, fails }),
  ),
  ...[0, 1, 2, 3, 4].map((fails) =>
    scenario(`unrelate whose step ${fails} fails`, { machine: adoptedMachine, before: FRESH, wanted: alone, fails }),
  ),
]
