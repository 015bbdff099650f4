import type { Key } from '../host/view.ts'
import { type Ask, type Answer, StepFailed, type Surroundings } from '../lifecycle/ask.ts'
import { drive } from '../lifecycle/driver.ts'
import type { LifeEvent } from '../lifecycle/events.ts'
import type { Site } from '../lifecycle/unit.ts'
import type { MemoryMachine } from './memory-machine.ts'

/** The operator died: what the machine has is what there is. */
export class Crash extends Error {}

/** The connection went away; named as lib/ssh names it. */
export class Lost extends Error {
  override readonly name = 'ConnectionLost'
}

export interface Disturbance {
  /** Called at each boundary, numbered from 0: before an intent, behind it, behind the write, behind `done`. May throw. */
  at?(boundary: number): void
  /** Called with the number of each write or check; true makes it fail before it does anything. */
  fails?(step: number, ask: Ask): boolean
}

export interface Outcome {
  boundaries: number
  steps: number
  writes: string[]
  events: LifeEvent[]
}

/** A run of the real driver over a machine in memory. */
export function play(
  site: Site,
  machine: MemoryMachine,
  how: Disturbance & { without?: Surroundings['without']; keepsFailed?: boolean } & Pick<Surroundings, 'agreed'> = {},
): Outcome {
  const touched = new Set<Key>()
  const outcome: Outcome = { boundaries: 0, steps: 0, writes: [], events: [] }
  const around: Surroundings = {
    foresees: false,
    operation: () => `op${machine.lines.length}`,
    view: machine.view(touched),
    ...(how.without ? { without: how.without } : {}),
    ...(how.keepsFailed ? { keepsFailed: true } : {}),
    ...(how.agreed ? { agreed: how.agreed } : {}),
  }
  follow(drive(site, around), (ask) => answer(ask, { machine, touched, outcome, how }))
  return outcome
}

/** Drives a generator of asks to its end; what an answer throws is thrown into it. */
export function follow<T>(steps: Generator<Ask, T, Answer>, reply: (ask: Ask) => Answer): T {
  let next = steps.next()
  while (!next.done) {
    try {
      const said = reply(next.value)
      next = steps.next(said)
    } catch (thrown) {
      if (thrown instanceof Crash) throw thrown
      next = steps.throw(thrown)
    }
  }
  return next.value
}

export interface Playing {
  machine: MemoryMachine
  touched: Set<Key>
  outcome: Outcome
  how: Disturbance
}

export function answer(ask: Ask, playing: Playing): Answer {
  const { machine, outcome, how } = playing
  const boundary = () => how.at?.(outcome.boundaries++)
  if (ask.do === 'tell') outcome.events.push(ask.event)
  if (ask.do === 'note') {
    boundary()
    machine.lines.push(...ask.lines)
    boundary()
  }
  if (ask.do !== 'write' && ask.do !== 'check') return undefined
  const step = outcome.steps++
  if (how.fails?.(step, ask)) throw new StepFailed('made to fail')
  if (ask.do === 'check') return ask.check.verdict(machine.value(ask.check.reading.key))
  boundary()
  machine.lines.push(...ask.before)
  boundary()
  machine.write(ask.change)
  for (const key of [ask.change.key, ...Object.keys(ask.change.sides)]) playing.touched.add(key)
  outcome.writes.push(`${ask.unit} ${ask.change.verb}`)
  boundary()
  machine.lines.push(...ask.after)
  boundary()
  return undefined
}
