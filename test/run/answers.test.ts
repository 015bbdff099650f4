import { expect, test } from 'vitest'
import { Answers } from '../../lib/run/answers.ts'

test('equal texts have one number, and are parsed once by each function', () => {
  const answers = new Answers()
  const [a, b] = ['none', 'root'].map((text) => answers.heard(text).number)
  expect(answers.heard('no' + 'ne').number).toBe(a)
  expect(b).not.toBe(a)
  const reading = { key: 'k', script: '', lasting: 'fact' as const }
  const words = { ...reading, parse: (frame: string) => frame.split(' ') }
  const length = { ...reading, parse: (frame: string) => frame.length }
  expect(answers.parsed(words, 'a b')).toEqual(['a', 'b'])
  expect(answers.parsed({ ...words, key: 'other' }, 'a b')).toBe(answers.parsed(words, 'a b'))
  expect(answers.parsed(words, 'a c')).toEqual(['a', 'c'])
  expect(answers.parsed(length, 'a b')).toBe(3)
})
