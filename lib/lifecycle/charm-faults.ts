import { z } from 'zod'
import { type Problem, problemText, quote } from '../model/faults.ts'
import { applicationName } from '../model/names.ts'
import { optionDocs } from '../model/options.ts'
import { problemsOf } from '../model/zod-problems.ts'
import type { Charm } from './charm.ts'
import { checkChart } from './check-chart.ts'

/** What is wrong with a charm that somebody else wrote, perhaps without a compiler. None: the engine can hold it. */
export function charmFaults(charm: Charm): string[] {
  const problems = problemsOf(spec, { value: charm })
  if (problems.length > 0) return problems.map(problemText)
  const { violations } = checkChart(charm.chart, FAILURES)
  return [...optionFaults(charm).map(problemText), ...violations.map((each) => `its chart: ${each}`)]
}

/** Two failing stages on one way are enough to find every law of `checkChart` broken. */
const FAILURES = 2

const anyFunction = z.custom<unknown>((value) => typeof value === 'function', 'expected a function')
const functions = z.record(z.string(), anyFunction)

const spec = z.looseObject({
  name: applicationName,
  summary: z.string().min(1, 'expected a sentence'),
  subordinate: z.boolean(),
  config: z.custom<unknown>((value) => value instanceof z.ZodObject, 'expected a zod object'),
  endpoints: z.record(
    z.string(),
    z.looseObject({ role: z.enum(['provides', 'requires']), interface: z.looseObject({ name: z.string() }) }),
  ),
  resources: z.record(z.string(), z.looseObject({ description: z.string(), formats: z.array(z.string()) })),
  observe: anyFunction,
  stages: functions,
  waits: functions,
  heeds: anyFunction,
  actions: z.record(z.string(), z.looseObject({ description: z.string(), ask: anyFunction })).optional(),
  upgrades: z
    .looseObject({ version: anyFunction, branch: anyFunction, hops: z.array(z.looseObject({})), stops: z.boolean() })
    .optional(),
})

function optionFaults(charm: Charm): Problem[] {
  const mute = optionDocs(charm).filter(({ sentence }) => sentence === '')
  const unset = problemsOf(charm.config, { value: {} })
  return [
    ...mute.map(({ path }) => ({
      path: [],
      what: `option ${quote(path)} has no sentence`,
      says: 'expected .describe()',
    })),
    ...unset.map(({ path }) => ({
      path: [],
      what: `option ${quote(String(path[0] ?? ''))} has no default`,
      says: 'expected one: an application may leave every option out',
    })),
  ]
}
