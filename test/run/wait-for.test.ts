import { expect, test } from 'vitest'
import type { StatusReport } from '../../lib/run/status.ts'
import { type Kind, parseQuery, type Wait, waitFor } from '../../lib/run/wait-for.ts'

const report = (status: string, { machine = 'reached', units = 1 } = {}): StatusReport => ({
  model: { name: 'm', id: '1' },
  applications: {
    kata: {
      charm: 'kata',
      status,
      subordinate: true,
      units: Object.fromEntries(
        Array.from({ length: units }, (_, i) => [
          `kata/${i}`,
          { machine: 'n1', status, version: '3.20.0', message: 'so' },
        ]),
      ),
    },
    other: { charm: 'containerd', status: 'active', subordinate: false, units: {} },
  },
  machines: { n1: { address: 'a', status: machine } },
  relations: [],
})

/** Looks at these in turn, the last one for ever; how often it looked. */
async function looks(
  kind: Kind,
  name: string | undefined,
  query: string,
  reports: StatusReport[],
  more: Partial<Wait> = {},
) {
  let count = 0
  const look = () => Promise.resolve(reports[Math.min(count++, reports.length - 1)] as StatusReport)
  const wait = { kind, query: parseQuery(query, kind), timeoutMs: 200, stableMs: 0, everyMs: 1, ...more }
  await waitFor({ ...wait, ...(name === undefined ? {} : { name }) }, look)
  return count
}

test.each<[Kind, string | undefined, string]>([
  ['unit', 'kata/0', 'status==active'],
  ['unit', 'kata/0', 'status == "active" && version!=3.19.0 && machine==n1'],
  ['application', 'kata', 'status==active&&units==2'],
  ['machine', 'n1', 'status==reached'],
  ['model', undefined, 'status==active && applications==2 && units==2 && machines==1'],
])('%s %s comes to %s', async (kind, name, query) => {
  const reports = [
    report('waiting', { machine: 'unknown', units: 1 }),
    report('maintenance', { machine: 'unknown' }),
    report('active', { units: 2 }),
  ]
  expect(await looks(kind, name, query, reports)).toBe(3)
})

test('what is not there yet is waited for', async () => {
  expect(await looks('unit', 'kata/1', 'status==active', [report('active'), report('active', { units: 2 })])).toBe(2)
})

test('it has to hold for a while: a break begins the time anew', async () => {
  const reports = [report('active'), report('waiting'), report('active')]
  let clock = 0
  let count = 0
  const look = () => {
    clock += 10
    return Promise.resolve(reports[Math.min(count++, 2)] as StatusReport)
  }
  const wait: Wait = {
    kind: 'unit',
    name: 'kata/0',
    query: parseQuery('status==active', 'unit'),
    timeoutMs: 1e6,
    stableMs: 30,
    everyMs: 1,
  }
  await waitFor(wait, look, () => clock)
  expect(count).toBe(6)
})

test.each([
  ['error', 'unit', 'kata/0', 'unit kata/0 is in error; its status is error: so'],
  ['error', 'application', 'kata', 'application kata is in error; its status is error'],
  ['error', 'model', undefined, 'model is in error; its status is error'],
] as const)('%s of a %s ends it at once', async (status, kind, name, message) => {
  await expect(looks(kind, name, 'status==active', [report(status)], { timeoutMs: 1e6 })).rejects.toMatchObject({
    code: 'unit-failed',
    message,
  })
})

test('an error that is asked for is waited for', async () => {
  expect(await looks('unit', 'kata/0', 'status==error', [report('active'), report('error')])).toBe(2)
})

test.each([
  ['kata/0', 'unit kata/0 did not come to that within 0.2 s; its status is blocked: so'],
  ['kata/7', 'unit kata/7 did not come to that within 0.2 s; there is none by that name'],
])('in time or not at all: %s', async (name, message) => {
  await expect(looks('unit', name, 'status==active', [report('blocked')])).rejects.toMatchObject({ message })
})

test.each(['status', 'status=active', 'colour==blue', 'status==active || status==error', 'status==', ''])(
  'no query: %j',
  (query) => {
    expect(() => parseQuery(query, 'unit')).toThrow('expected FIELD==VALUE or FIELD!=VALUE')
  },
)
