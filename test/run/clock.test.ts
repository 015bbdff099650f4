import { expect, test } from 'vitest'
import { clockFault, clockNotes, clockOffset } from '../../lib/run/clock.ts'

const DAY = 86_400

test.each([
  ['the same', 1000, 0],
  ['any moment of a slow answer', 1030, 0],
  ['a second that had begun before the question', 1000, 0],
  ['a day behind', 1000 - DAY, -DAY],
  ['a day ahead', 1060 + DAY, DAY],
  ['no time at all', NaN, 0],
])('%s', (_, theirs, offset) => {
  expect(clockOffset(theirs, { asked: 1000.7, heard: 1060.2 })).toBe(offset)
})

test.each([
  [0, undefined],
  [-60, undefined],
  [61, 'its clock is 1 min ahead: run an NTP client there'],
  [-DAY, 'its clock is 24 h behind: run an NTP client there'],
  [3 * DAY, 'its clock is 3 days ahead: run an NTP client there'],
])('%i s', (offset, fault) => {
  expect(clockFault(offset)).toBe(fault)
})

test('of many machines the first are named, and how many more there are', () => {
  const machines = Array.from({ length: 8 }, (_, i) => ({ name: `n${i}`, offset: i === 0 ? 0 : DAY }))
  const notes = clockNotes(machines)
  expect(notes).toHaveLength(6)
  expect(notes[0]).toBe('n1: its clock is 24 h ahead: run an NTP client there')
  expect(notes[5]).toBe('2 more machines’ clocks are off: kcharm inventory check names them')
})
