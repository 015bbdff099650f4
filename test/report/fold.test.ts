import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { fold } from '../../lib/report/fold.ts'
import { paintFor } from '../../lib/report/terminal-text.ts'

const at = (columns: number, text: string) => fold(text, { isTTY: true, columns }).split('\n')

test('elsewhere than on a terminal lines stay as they are', () => {
  const line = 'one two three'
  expect(fold(line, {})).toBe(line)
  expect(fold(line, { isTTY: false, columns: 5 })).toBe(line)
})

test('a line goes on between words, a little to the right; one that fits and one word that does not stay', () => {
  expect(at(12, 'one two\n\nonetwothreefour\nab cd ef gh ij kl')).toEqual([
    ...['one two', '', 'onetwothreefour'],
    ...['ab cd ef gh', '    ij kl'],
  ])
})

test('a row of a table goes on below its last cell, one with a late last cell does not', () => {
  expect(at(30, 'kata/0  active  n1  a long message here')).toEqual([
    'kata/0  active  n1  a long',
    '                message here'.replace(/^ +/, ' '.repeat(8)),
  ])
  expect(at(30, 'a/0  n1  all of the long message')).toEqual(['a/0  n1  all of the long', '         message'])
})

test('colours take no room', () => {
  const paint = paintFor({ isTTY: true }, {})
  const [first, second] = at(9, `${paint.good('one')} ${paint.bad('two')} ${paint.dim('three')}`)
  expect([first, second].map((line) => stripVTControlCharacters(line ?? ''))).toEqual(['one two', '    three'])
})
