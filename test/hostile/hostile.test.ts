import { afterAll, expect, test } from 'vitest'
import { fields, json, secrets, toml, yaml } from './in-files.ts'
import { answers } from './from-machines.ts'
import { entries, places, words, type Shell } from './on-shells.ts'
import { hostile } from './values.ts'

const counts: Record<string, number> = {}
const sum = (numbers: Record<string, number>): number => Object.values(numbers).reduce((a, b) => a + b, 0)

afterAll(() => {
  console.log(`hostile values: ${JSON.stringify({ ...counts, 'in all': sum(counts) })}`)
  expect(sum(counts)).toBeGreaterThanOrEqual(100_000)
})

test('no two values are the same, and the same seed makes the same ones', () => {
  const values = hostile(1)(20_000)
  expect(new Set(values).size).toBe(20_000)
  expect(hostile(1)(20_000)).toEqual(values)
})

test.each<Shell>(['dash', 'bash', 'busybox'])(
  '%s reads back every word, and makes every file under its name',
  async (shell) => {
    counts[`words of ${shell}`] = words(shell, 11, 16_000)
    counts[`files of ${shell}`] = places(shell, 12, 2000)
    counts[`archive entries on ${shell}`] = await entries(shell, 13, 1000)
  },
)

test('what is written as TOML, YAML or JSON is read back as it was', () => {
  counts['toml'] = toml(21, 10_000)
  counts['yaml'] = yaml(22, 10_000)
  counts['json'] = json(23, 10_000)
})

test('a secret is one value in its file, or refused', () => {
  const seen = secrets(31, 1000)
  expect(seen.accepted).toBeGreaterThan(100)
  expect(seen.refused).toBeGreaterThan(100)
  counts['environment'] = sum(seen)
})

test.each(['bundle', 'inventory'] as const)(
  'every field of a %s takes it as it is, or refuses it in its place',
  (which) => {
    const seen = fields(which, which === 'bundle' ? 41 : 42, 200)
    expect(seen['accepted']).toBeGreaterThan(200)
    expect(seen['refused']).toBeGreaterThan(2000)
    counts[which] = sum(seen)
  },
)

test('nothing that a machine says is obeyed by a terminal', async () => {
  counts['answers and banners'] = await answers(51, 10_000)
})
