import { expect, test } from 'vitest'
import { pathText, problemText, quote, refusal } from '../../lib/model/faults.ts'

test.each([
  [['applications', 'kata', 'to', 0], 'applications.kata.to[0]'],
  [['relations', 3, 1], 'relations[3][1]'],
  [['machines', 'node.lan', 'tags'], 'machines."node.lan".tags'],
  [['machines', ''], 'machines.""'],
  [['a b', 'x'], '"a b".x'],
])('%j reads %s', (path, text) => {
  expect(pathText(path)).toBe(text)
})

test.each([
  ['\u001b[2J', '"\\u001b[2J"'],
  ['\u202egnp.exe', '"\\u{202e}gnp.exe"'],
  ['a\u200bb', '"a\\u{200b}b"'],
  ['\u009b31m', '"\\u{9b}31m"'],
  ['\ud800', '"\\ud800"'],
  ['a"b', '"a\\"b"'],
  ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
])('%j is shown as %s', (text, shown) => {
  expect(quote(text)).toBe(shown)
})

test('a problem is one line: what, where, what was expected, what was meant', () => {
  const meant = { word: 'chram', among: ['charm', 'to'] }
  expect(problemText({ path: ['a'], what: 'unknown key "chram"', meant })).toBe(
    'unknown key "chram" (a): expected one of: charm, to; did you mean "charm"?',
  )
  expect(problemText({ path: [], what: 'a\nb', says: 'c\u0007' })).toBe('a\\u{a}b: c\\u{7}')
})

test('long lists of names are cut', () => {
  const among = Array.from({ length: 40 }, (_, n) => `n${n}`)
  const text = problemText({ path: [], what: 'x', meant: { word: 'zzzzzz', among } })
  expect(text).toMatch(/n29, …$/)
})

test('nothing to choose from is said', () => {
  expect(problemText({ path: [], what: 'x', meant: { word: 'y', among: [] } })).toBe('x: expected none')
})

test('the count is of all faults, the list is cut', () => {
  const error = refusal(
    'usage',
    'it',
    Array.from({ length: 102 }, (_, n) => `fault ${n}`),
  )
  expect(error.message).toBe('it cannot be used: 102 faults')
  expect(error.detail.faults).toHaveLength(101)
  expect(error.detail.faults?.at(-1)).toBe('… and 2 more')
})
