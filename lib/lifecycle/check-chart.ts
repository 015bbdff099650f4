import { type Chart, type ChartState, type Signal } from './chart.ts'

export interface ChartVerdict {
  states: number
  /** Each with the shortest way there. */
  violations: string[]
}

interface At {
  state: string
  failures: number
  path: string[]
  /** A stage of hook `start` or `post-upgrade` (the proof) lay on the way since the last rest or undo. */
  proved: boolean
  /** How many stages took the inputs since the last rest or undo. */
  takes: number
}

/** Walks every way through one chart, with so many failing stages, and holds it to the laws that hold for every charm. */
export function checkChart(chart: Chart, failures: number): ChartVerdict {
  const violations = Object.entries(chart.states).flatMap(([name, state]) => shape(chart, name, state))
  const seen = new Map<string, At>()
  const queue: At[] = [{ state: chart.initial, failures, path: [], proved: false, takes: 0 }]
  for (let at = queue.shift(); at; at = queue.shift()) {
    const key = `${at.state} ${at.failures} ${at.proved} ${at.takes}`
    if (seen.has(key)) continue
    seen.set(key, at)
    violations.push(...judge(chart, at))
    queue.push(...onward(chart, at))
  }
  for (const at of seen.values())
    if (!canEnd(chart, at.state)) violations.push(told(at, 'can reach neither active nor removed'))
  return { states: seen.size, violations: [...new Set(violations)] }
}

/** Laws of a single state: no outcome without a way out, no wait that does not end. */
function shape(chart: Chart, name: string, state: ChartState): string[] {
  const lacks = (signal: Signal) => chart.next(name, signal) === undefined
  if (state.kind === 'wait')
    return ['ready', 'quiet'].filter((each) => lacks(each as Signal)).map((each) => `${name} does not take ${each}`)
  if (state.kind === 'rest') return lacks('remove') ? [`${name} does not take remove`] : []
  return ['ok', 'fail'].filter((each) => lacks(each as Signal)).map((each) => `${name} does not take ${each}`)
}

function judge(chart: Chart, at: At): string[] {
  const state = chart.states[at.state]
  if (state?.kind !== 'rest' || state.status !== 'active' || at.path.length === 0) return []
  return [
    ...(at.proved ? [] : [told(at, 'active without a proof (a stage with the hook start)')]),
    ...(at.takes === 1 ? [] : [told(at, `active after its inputs were taken ${at.takes} times, expected once`)]),
  ]
}

function onward(chart: Chart, at: At): At[] {
  const state = chart.states[at.state]
  if (state === undefined) return []
  return signalsOf(state).flatMap((signal): At[] => {
    const failed = signal === 'fail' ? 1 : 0
    const next = chart.next(at.state, signal)
    if (next === undefined || failed > at.failures) return []
    const fresh = state.kind === 'rest' || (state.kind === 'undo' && state.scope !== 'stale')
    const proves = state.kind === 'stage' && (state.hook === 'start' || state.hook === 'post-upgrade')
    const proved = proves && signal === 'ok'
    const takes = state.kind === 'stage' && state.takes ? 1 : 0
    return [
      {
        state: next,
        failures: at.failures - failed,
        path: [...at.path, `${at.state} -${signal}->`],
        proved: !fresh && (at.proved || proved),
        takes: (fresh ? 0 : at.takes) + takes,
      },
    ]
  })
}

function signalsOf(state: ChartState): Signal[] {
  if (state.kind === 'rest') return ['begin', 'changed', 'upgrade', 'rollback', 'remove', 'ready', 'hold']
  if (state.kind === 'wait') return ['ready', 'quiet']
  return ['ok', 'blocked', 'fail']
}

/** Some way without failures leads to an active or a terminated rest. */
function canEnd(chart: Chart, from: string): boolean {
  const seen = new Set<string>()
  const queue = [from]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const state = chart.states[name]
    if (state === undefined || seen.has(name)) continue
    seen.add(name)
    if (state.kind === 'rest' && (state.status === 'active' || state.status === 'terminated')) return true
    for (const signal of signalsOf(state)) {
      const next = signal === 'fail' ? undefined : chart.next(name, signal)
      if (next) queue.push(next)
    }
  }
  return false
}

function told(at: At, words: string): string {
  return `${at.path.join(' ')} ${at.state}: ${words}`
}
