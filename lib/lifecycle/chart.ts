import { type AnyStateMachine, createMachine, fromPromise, transition } from 'xstate'

/** Juju's workload statuses that a resting state can show. */
export type Status = 'active' | 'blocked' | 'waiting' | 'error' | 'terminated' | 'unknown'

/** What a stage or an undo can end with. */
export type Outcome = 'ok' | 'blocked' | 'fail'
/** What can happen to a unit that is not busy. All are derived from facts by the driver; none is stored. */
export type Wish = 'begin' | 'changed' | 'upgrade' | 'rollback' | 'remove' | 'ready' | 'quiet'
/** `hold`: a unit that would rest as active, while what is wanted of it was refused. */
export type Signal = Outcome | Wish | 'hold'

/** Juju's hook names, as labels on states: what people see, and what authors write for. */
export type Hook =
  | 'install'
  | 'config-changed'
  | 'start'
  | 'update-status'
  | 'pre-upgrade'
  | 'upgrade-charm'
  | 'post-upgrade'
  | 'rollback'
  | 'stop'
  | 'remove'

interface StageState<K> {
  kind: 'stage'
  /** The unit's inputs (options, peers' bags) are frozen here until it rests: exactly one on each way to active. */
  takes: boolean
  /** What it made once and no longer wants stays for now: peers may still use it. An undo of scope `stale` puts it back. */
  keeps: boolean
  /** The stage that it does again, on another revision: that one's function, unless it has its own, and that one's place in the manifest. */
  as?: string
  hook?: Hook
  to: Partial<Record<Outcome, K>>
}
/**
 * `pass`: what this pass did, and the revision that it was about; `revision`: all since the revision that is wanted again was left;
 * `all`: all that the unit ever did; `stale`: what stages that keep did not want in this pass.
 */
export type UndoScope = 'pass' | 'revision' | 'all' | 'stale'
interface UndoState<K> {
  kind: 'undo'
  scope: UndoScope
  hook?: Hook
  to: Partial<Record<Outcome, K>>
}
interface WaitState<K> {
  kind: 'wait'
  /** Name of the condition in the charm's `waits`. */
  until: string
  to: { ready: K; quiet: K }
}
interface RestState<K> {
  kind: 'rest'
  status: Status
  /** The name of a wait's condition that may still come true here. */
  until?: string
  to: Partial<Record<Wish | 'hold', K>>
}
export type ChartState<K extends string = string> = StageState<K> | UndoState<K> | WaitState<K> | RestState<K>

/** A charm's life: an xstate statechart, and the same states as a table. */
export interface Chart {
  id: string
  initial: string
  readonly machine: AnyStateMachine
  states: Record<string, ChartState>
  /** The state after the signal, or nothing where the state does not take it. */
  next(state: string, signal: Signal): string | undefined
  /** Walks the way of a unit that is well and stays so, at a time when there is nothing else to do. */
  foresee(): void
}

/**
 * A charm's life. Context is empty, each busy state invokes one source, guards look at outcomes only, there are no
 * delays and no actors: so (state, signal) is a table, and xstate is asked once per pair.
 */
export function life<K extends string>(
  id: string,
  initial: NoInfer<K>,
  states: { [P in K]: ChartState<NoInfer<K>> },
): Chart {
  const table: Record<string, ChartState> = states
  const entries = Object.entries(table)
  assertTargets(id, initial, table)
  const make = () =>
    createMachine(
      { id, initial, states: Object.fromEntries(entries.map(([name, state]) => [name, xstateOf(name, state)])) },
      { actors: Object.fromEntries(entries.filter(isBusy).map((entry) => [source(...entry), neverRun])) },
    )
  let made: ReturnType<typeof make> | undefined
  const known = new Map<string, string | undefined>()
  const chart: Chart = {
    id,
    initial,
    get machine() {
      return (made ??= make())
    },
    states: table,
    next(state, signal) {
      const pair = `${state} ${signal}`
      if (!known.has(pair)) known.set(pair, ask(chart.machine, { state, signal, busy: !isResting(table[state]) }))
      return known.get(pair)
    },
    foresee() {
      for (const [state] of entries.filter(isWell)) walk(chart, state)
    },
  }
  return chart
}

/** xstate would say it only when the statechart is made, which is put off. */
function assertTargets(id: string, initial: string, table: Record<string, ChartState>): void {
  const arrows = Object.entries(table).flatMap(([name, { to }]) =>
    Object.values(to).map((target) => ({ name, target })),
  )
  for (const { name, target } of [{ name: 'its life', target: initial }, ...arrows]) {
    if (!Object.hasOwn(table, target)) throw new Error(`${id}: ${name} leads to ${target}, which is no state`)
  }
}

/** From there along what goes well, until it comes to where it was. */
function walk(chart: Chart, from: string, walked = new Set<string>()): void {
  const state = chart.states[from]
  if (state === undefined || walked.has(from)) return
  const to = chart.next(from, WELL[state.kind])
  if (to !== undefined) walk(chart, to, walked.add(from))
}

function isWell([, state]: [string, ChartState]): boolean {
  return state.kind === 'rest' && state.status === 'active'
}

const WELL: Record<ChartState['kind'], Signal> = { stage: 'ok', undo: 'ok', wait: 'ready', rest: 'begin' }

export function stage<const K extends string>(
  to: Partial<Record<Outcome, K>>,
  more: { takes?: boolean; keeps?: boolean; as?: string; hook?: Hook } = {},
): ChartState<K> {
  const { takes = false, keeps = false, as, hook } = more
  return { kind: 'stage', takes, keeps, to, ...(as ? { as } : {}), ...(hook ? { hook } : {}) }
}

export function undo<const K extends string>(
  scope: UndoScope,
  to: Partial<Record<Outcome, K>>,
  more: { hook?: Hook } = {},
): ChartState<K> {
  return { kind: 'undo', scope, to, ...(more.hook ? { hook: more.hook } : {}) }
}

export function wait<const K extends string>(until: string, to: { ready: K; quiet: K }): ChartState<K> {
  return { kind: 'wait', until, to }
}

export function rest<const K extends string>(
  status: Status,
  to: Partial<Record<Wish | 'hold', K>>,
  until?: string,
): ChartState<K> {
  return { kind: 'rest', status, to, ...(until === undefined ? {} : { until }) }
}

/** A unit in this state has come to rest: its databag is valid, and its peers' waits may be judged. */
export function isResting(state: ChartState | undefined): boolean {
  return state?.kind === 'rest' || state?.kind === 'wait'
}

/** Where a life starts, and where it is over: nothing is on the machine. */
export function isOutside(chart: Chart, state: string): boolean {
  const at = chart.states[state]
  return state === chart.initial || (at?.kind === 'rest' && at.status === 'terminated')
}

/** Charts are stepped, never run: the driver does the work that an actor would. */
const neverRun = fromPromise(() => Promise.reject(new Error('charts are stepped by the driver, not run as actors')))

function isBusy([, state]: [string, ChartState]): boolean {
  return !isResting(state)
}

function source(name: string, state: ChartState): string {
  return state.kind === 'undo' ? `undo ${state.scope}` : state.kind === 'stage' ? (state.as ?? name) : name
}

function xstateOf(name: string, state: ChartState): object {
  if (state.kind === 'rest' || state.kind === 'wait') return { tags: [state.kind], on: state.to }
  const { ok, blocked, fail } = state.to
  return {
    tags: [state.kind],
    invoke: {
      src: source(name, state),
      id: name,
      onDone: [
        ...(ok === undefined ? [] : [{ target: ok, guard: saysOutcome('ok') }]),
        ...(blocked === undefined ? [] : [{ target: blocked, guard: saysOutcome('blocked') }]),
      ],
      ...(fail === undefined ? {} : { onError: fail }),
    },
  }
}

function saysOutcome(outcome: Outcome) {
  return ({ event }: { event: { output?: unknown } }) => event.output === outcome
}

function ask(machine: AnyStateMachine, at: { state: string; signal: Signal; busy: boolean }): string | undefined {
  const event = !at.busy
    ? { type: at.signal }
    : at.signal === 'fail'
      ? { type: `xstate.error.actor.${at.state}`, error: 'fail' }
      : { type: `xstate.done.actor.${at.state}`, output: at.signal }
  const [after] = transition(machine, machine.resolveState({ value: at.state, context: {} }), event)
  return after.value === at.state ? undefined : String(after.value)
}
