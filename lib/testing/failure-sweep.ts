import { type Site, statusOf } from '../lifecycle/unit.ts'
import type { Scenario, SweepResult } from './crash-sweep.ts'
import type { MemoryMachine } from './memory-machine.ts'
import { Crash, play } from './play.ts'

/** What the second blow is, wherever in the same run it falls. */
const BLOWS = ['fails', 'crash'] as const

/**
 * Every step of a run fails, alone and (with `pairs`) together with each later one: while it puts back what the first failure left, say. `crash`:
 * the operator dies there instead. A run that nobody killed leaves each unit well, or with a fault and a word on what to do; from
 * there runs without failures come to the end of a run that nothing befell, once what was refused may be tried again.
 */
export function failureSweep(scenario: Scenario, { pairs }: { pairs: boolean }): SweepResult {
  const sweep: Sweep = { scenario, wanted: wantedEnd(scenario), result: { runs: 0, right: 0, faults: [] } }
  const whole = scenario.machine()
  const { steps } = play(scenario.site(whole, true), whole)
  for (let first = 0; first < steps; first++) {
    const alone = strike(sweep, { first })
    for (const blow of pairs ? BLOWS : []) {
      for (let second = first + 1; second < alone; second++) strike(sweep, { first, second, blow })
    }
  }
  return sweep.result
}

interface Sweep {
  scenario: Scenario
  wanted: string
  result: SweepResult
}

interface Strike {
  first: number
  second?: number
  blow?: (typeof BLOWS)[number]
}

/** Gives how many steps the run took. */
function strike(sweep: Sweep, { first, second, blow }: Strike): number {
  const { scenario, result } = sweep
  const where = `${scenario.name}, step ${first} fails${second === undefined ? '' : `, ${second} ${blow}`}`
  const machine = scenario.machine()
  const site = scenario.site(machine, true)
  let step = 0
  const fails = (now: number): boolean => {
    step = now + 1
    if (now === second && blow === 'crash') throw new Crash('killed')
    return now === first || now === second
  }
  result.runs++
  const before = result.faults.length
  try {
    play(site, machine, { fails })
    for (const words of mute(site)) report(result, `${where}: ${words}`)
  } catch (thrown) {
    if (!(thrown instanceof Crash)) report(result, `${where}: ${String(thrown)}`)
  }
  const end = afterwards(scenario, machine)
  if (end !== sweep.wanted) report(result, `${where}: ${end}\n  expected ${sweep.wanted}`)
  if (result.faults.length === before) result.right++
  return step
}

/** Units that are not well and do not say why. */
function mute(site: Site): string[] {
  const ill = site.units.filter((unit) => ['error', 'blocked'].includes(statusOf(unit)))
  return ill
    .filter((unit) => !unit.fault?.message)
    .map((unit) => `${unit.name} is ${statusOf(unit)} and does not say why`)
}

/** The same command again, then as after `kcharm resolve` of every unit, then once more: nothing may be left to do. */
function afterwards(scenario: Scenario, machine: MemoryMachine): string {
  play(scenario.site(machine, true), machine)
  const asked = scenario.site(machine, true)
  for (const unit of asked.units) delete unit.refused
  play(asked, machine)
  return describe(scenario, machine)
}

function wantedEnd(scenario: Scenario): string {
  const machine = scenario.machine()
  play(scenario.site(machine, true), machine)
  play(scenario.site(machine, true), machine)
  return describe(scenario, machine)
}

function describe(scenario: Scenario, machine: MemoryMachine): string {
  const { writes } = play(scenario.site(machine, true), machine)
  const units = scenario.site(machine, true).units.map((unit) => `${unit.name} ${statusOf(unit)} ${unit.version ?? ''}`)
  return [...units, ...writes.map((each) => `still to do: ${each}`), machine.net()].join('; ')
}

function report(result: SweepResult, words: string): void {
  if (result.faults.length < 20) result.faults.push(words)
}
