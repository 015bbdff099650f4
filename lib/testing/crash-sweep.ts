import type { Surroundings } from '../lifecycle/ask.ts'
import { holdings } from '../lifecycle/manifest.ts'
import { type Site, statusOf } from '../lifecycle/unit.ts'
import { canonical } from '../model/json.ts'
import type { MemoryMachine } from './memory-machine.ts'
import { Crash, Lost, play } from './play.ts'

/** One thing to be done to a machine that may be cut off anywhere. */
export interface Scenario {
  name: string
  /** The machine before; each run gets a fresh one. */
  machine(): MemoryMachine
  /** The wanted units, standing where the manifest says. `kept`: the operator's journal survived as well. */
  site(machine: MemoryMachine, kept: boolean): Site
  /** Steps that fail on purpose in the first run; the runs after it do not fail. */
  fails?(step: number): boolean
}

export interface SweepResult {
  runs: number
  right: number
  faults: string[]
}

type Without = Surroundings['without']

/**
 * Every boundary, with the operator's journal kept and lost, and (with `pairs`) every pair of boundaries. With `lost` the
 * connection goes away at the boundary instead and comes back at once: what the run does then is judged as well.
 */
export function crashSweep(scenario: Scenario, how: { pairs: boolean; without?: Without; lost?: true }): SweepResult {
  const result: SweepResult = { runs: 0, right: 0, faults: [] }
  for (const kept of [true, false]) {
    const sweep: Sweep = { scenario, kept, how, wanted: ending(scenario, kept, how.without), result }
    for (let first = 0; ; first++) {
      const machine = scenario.machine()
      if (!cut(sweep, machine, first)) break
      judge(sweep, machine.clone(), `cut at ${first}`)
      if (how.pairs && kept) sweepAgain(sweep, machine, first)
    }
  }
  return result
}

interface Sweep {
  scenario: Scenario
  kept: boolean
  how: { without?: Without; lost?: true }
  wanted: string
  result: SweepResult
}

function sweepAgain(sweep: Sweep, machine: MemoryMachine, first: number): void {
  const calm = { ...sweep, scenario: { ...sweep.scenario, fails: () => false } }
  for (let second = 0; ; second++) {
    const again = machine.clone()
    if (!cut(calm, again, second)) return
    judge(sweep, again, `cut at ${first} and at ${second}`)
  }
}

/** Runs until the boundary and stops there; false when the run ended before. */
function cut(sweep: Sweep, machine: MemoryMachine, boundary: number): boolean {
  const { scenario, kept, how } = sweep
  let linesThen = -1
  const at = (now: number) => {
    if (now !== boundary || linesThen >= 0) return
    linesThen = machine.lines.length
    throw how.lost ? new Lost('the connection is gone') : new Crash('cut off')
  }
  try {
    play(scenario.site(machine, kept), machine, disturbed(scenario, { at, ...without(how) }))
  } catch (thrown) {
    if (!(thrown instanceof Crash) && !(thrown instanceof Lost)) throw thrown
  }
  if (how.lost && linesThen >= 0 && machine.lines.length > linesThen) {
    fault(sweep.result, `${scenario.name}, lost at ${boundary}: the run went on as if it knew how the step had ended`)
  }
  return linesThen >= 0
}

function judge(sweep: Sweep, machine: MemoryMachine, where: string): void {
  const { scenario, kept, how, result } = sweep
  result.runs++
  try {
    play(scenario.site(machine, kept), machine, without(how))
    const state = describe(scenario.site(machine, kept), machine)
    const second = where.includes(' and ') ? [] : play(scenario.site(machine, kept), machine, without(how)).writes
    if (second.length > 0) fault(result, `${scenario.name}, ${where}: a further run still changes ${second.join(', ')}`)
    else if (state !== sweep.wanted) fault(result, `${scenario.name}, ${where}: ${state}\n  expected ${sweep.wanted}`)
    else result.right++
  } catch (thrown) {
    fault(result, `${scenario.name}, ${where}: ${String(thrown)}`)
  }
}

/** The end of a run that nobody cut off. */
function ending(scenario: Scenario, kept: boolean, rules: Without): string {
  const machine = scenario.machine()
  const how = rules ? { without: rules } : {}
  play(scenario.site(machine, kept), machine, how)
  play(scenario.site(machine, kept), machine, how)
  return describe(scenario.site(machine, kept), machine)
}

function describe(site: Site, machine: MemoryMachine): string {
  const units = site.units.map((unit) => [
    unit.name,
    statusOf(unit),
    unit.bags,
    holdings(machine.lines, unit.name).length > 0,
  ])
  return `${canonical(units)} ${machine.net()}`
}

function disturbed<T extends object>(scenario: Scenario, how: T): T {
  const { fails } = scenario
  return fails ? { ...how, fails: (step: number) => fails(step) } : how
}

function without(how: { without?: Without }): { without?: Without } {
  return how.without ? { without: how.without } : {}
}

function fault(result: SweepResult, words: string): void {
  if (result.faults.length < 20) result.faults.push(words)
}
