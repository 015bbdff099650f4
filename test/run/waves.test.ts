import { expect, test } from 'vitest'
import { rolloutOf, waveSize, wavesOf } from '../../lib/run/waves.ts'

const machines = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const sizes = (count: number, canary: number, maxUnavailable: string) =>
  wavesOf(machines(count), { canary, maxUnavailable }).map((wave) => wave.length)

test.each([
  { count: 0, canary: 1, share: '25%', waves: [] },
  { count: 1, canary: 1, share: '25%', waves: [1] },
  { count: 4, canary: 1, share: '25%', waves: [1, 1, 1, 1] },
  { count: 10, canary: 1, share: '25%', waves: [1, 2, 2, 2, 2, 1] },
  { count: 40, canary: 2, share: '25%', waves: [2, 10, 10, 10, 8] },
  { count: 10, canary: 0, share: '50%', waves: [5, 5] },
  { count: 10, canary: 3, share: '100%', waves: [3, 7] },
  { count: 3, canary: 5, share: '25%', waves: [3] },
  { count: 7, canary: 1, share: '4', waves: [1, 4, 2] },
  { count: 3, canary: 1, share: '99', waves: [1, 2] },
])('$count machines, $canary first, then $share at a time: $waves', ({ count, canary, share, waves }) => {
  expect(sizes(count, canary, share)).toEqual(waves)
})

test('waves hold every machine once, in the order given', () => {
  expect(wavesOf(machines(9), { canary: 2, maxUnavailable: '33%' }).flat()).toEqual(machines(9))
})

test.each([
  ['25%', 3, 1],
  ['0.1%', 40, 1],
  ['33.4%', 3, 1],
  ['66.7%', 3, 2],
  ['12.5%', 40, 5],
  ['100%', 7, 7],
])('%s of %i machines are %i: the share first, whole machines then, at least one', (text, of, size) => {
  expect(waveSize(text, of)).toBe(size)
})

test.each(['0', '0%', '-1', '1.5', '101%', '25 %', '%', '', 'a few', '1e3'])(
  '%j is refused, with what is expected',
  (bad) => {
    expect(() => waveSize(bad, 4)).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(() => waveSize(bad, 4)).toThrow(`max-unavailable ${JSON.stringify(bad)}: expected a count such as 2`)
  },
)

test('the command line’s times and shares', () => {
  expect(rolloutOf({})).toEqual({})
  expect(rolloutOf({ canary: 0, 'max-unavailable': '50%', soak: '5m' })).toEqual({
    canary: 0,
    maxUnavailable: '50%',
    soakMs: 300_000,
  })
  expect([rolloutOf({ soak: '90' }), rolloutOf({ soak: '1h' })]).toEqual([{ soakMs: 90_000 }, { soakMs: 3_600_000 }])
})

test.each([{ soak: '1d' }, { soak: '-1s' }, { soak: '' }, { 'max-unavailable': 'half' }])(
  '%j is refused before any machine is asked',
  (flags) => {
    expect(() => rolloutOf(flags)).toThrow(expect.objectContaining({ code: 'usage' }))
  },
)
