import { expect, test } from 'vitest'
import { addToLockfile, lockKey, parseLockfile, renderLockfile, withLockedDigest } from '../../lib/model/lockfile.ts'
import { faultsOf, refusalOf } from './refusals.ts'

const one = '1'.repeat(64)
const two = 'ab'.repeat(32)
const parse = (text: string) => parseLockfile(text, { file: 'kcharm.lock.yaml' })

test('what is rendered is parsed again, in one order', () => {
  const lock = {
    resources: { 'https://example.org/b.tar.xz?x=1#y': one, 'a: b.tar.xz': two, '5': `${'0'.repeat(60)}1e10` },
  }
  expect(parse(renderLockfile(lock))).toEqual(lock)
  const reversed = { resources: Object.fromEntries(Object.entries(lock.resources).reverse()) }
  expect(renderLockfile(reversed)).toBe(renderLockfile(lock))
})

test('the text is for people and version control', () => {
  expect(renderLockfile({ resources: { 'kata.tar.xz': two } })).toBe(
    `# Digests of resources, written by kcharm resource pin. Keep it with the bundle.\nresources:\n  kata.tar.xz: ${two}\n`,
  )
  expect(parse(renderLockfile({ resources: {} }))).toEqual({ resources: {} })
})

test.each([
  ['https://example.org/kata.tar.xz', 'https://example.org/kata.tar.xz'],
  ['https://ann:secret@example.org/kata.tar.xz', 'https://example.org/kata.tar.xz'],
  ['https://example.org/a@b.tar.xz', 'https://example.org/a@b.tar.xz'],
  ['/home/ann/kata.tar.xz', 'kata.tar.xz'],
])('%s is called %s', (from, key) => {
  expect(lockKey({ from })).toBe(key)
})

test('a digest is added, or replaced', () => {
  const lock = addToLockfile({ resources: { other: one } }, { from: '/x/kata.tar.xz' }, one)
  expect(lock).toEqual({ resources: { other: one, 'kata.tar.xz': one } })
  expect(addToLockfile(lock, { from: '/y/kata.tar.xz' }, two).resources['kata.tar.xz']).toBe(two)
})

test('a resource takes its digest from the lockfile, and only from there', () => {
  const lock = { resources: { 'kata.tar.xz': one } }
  expect(withLockedDigest({ from: '/x/kata.tar.xz' }, lock)).toEqual({ from: '/x/kata.tar.xz', sha256: one })
  expect(withLockedDigest({ from: '/x/kata.tar.xz', sha256: one }, lock).sha256).toBe(one)
  expect(withLockedDigest({ from: '/x/other.tar.xz' }, lock)).toEqual({ from: '/x/other.tar.xz' })
  expect(withLockedDigest({ from: '/x/other.tar.xz', sha256: two }, lock).sha256).toBe(two)
  expect(withLockedDigest({ from: '/x/constructor' }, lock)).toEqual({ from: '/x/constructor' })
})

test('two digests for one resource are refused', () => {
  expect(
    refusalOf(() => withLockedDigest({ from: '/x/k.tar.xz', sha256: two }, { resources: { 'k.tar.xz': one } })),
  ).toBe(`invalid-bundle: k.tar.xz: the bundle says sha256 ${two}, kcharm.lock.yaml says ${one}: expected the same`)
})

test.each([
  ['', ['kcharm.lock.yaml:1:1: got nothing: expected a map']],
  [
    'resource: {}',
    [
      'kcharm.lock.yaml:1:1: missing key "resources" (resources): expected a map of text',
      'kcharm.lock.yaml:1:1: unknown key "resource" (resource): expected resources; did you mean "resources"?',
    ],
  ],
  [
    'resources: {a: b}',
    ['kcharm.lock.yaml:1:16: not accepted (resources.a): expected a SHA-256, 64 lower-case hex digits'],
  ],
  ['resources: {a: 12}', ['kcharm.lock.yaml:1:16: got a number (resources.a): expected text; write it in quotes']],
  [`resources: {a: "${one}", a: "${two}"}`, ['kcharm.lock.yaml:1:84: key "a" stands here twice: expected it once']],
])('%j is refused', (text, faults) => {
  expect(faultsOf(() => parse(text))).toEqual(faults)
})
