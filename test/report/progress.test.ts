import { expect, test } from 'vitest'
import { progressOn } from '../../lib/report/progress.ts'

function screen(more: { isTTY?: boolean; rows?: number; columns?: number } = {}) {
  const written: string[] = []
  return { ...more, write: (text: string) => written.push(text), written: () => written.join('') }
}

const change = (unit: string, verb: string) => ({ unit, kind: 'change', stage: 's', verb }) as const
const state = (unit: string, status: string) => ({ unit, kind: 'state', state: 's', status }) as const

test('without a terminal each step is one line with its machine and unit', () => {
  const out = screen()
  const progress = progressOn(out, {})
  progress.event('n1', change('kata/0', 'unpack it'))
  progress.event('n1', state('kata/0', 'maintenance'))
  progress.event('n1', { unit: 'kata/0', kind: 'fault', message: 'disk full\u001b[2J', hint: 'free some' })
  progress.event('n1', state('kata/0', 'error'))
  progress.end()
  const lines = out.written().split('\n')
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
    'n1 kata/0 unpack it',
    'n1 kata/0 failed: disk full\\u{1b}[2J',
    'n1 kata/0 is error',
    '',
  ])
})

test('in CI and on a dumb terminal there is no drawing either', () => {
  for (const env of [{ CI: '1' }, { TERM: 'dumb' }]) {
    const out = screen({ isTTY: true })
    const progress = progressOn(out, env)
    progress.event('n1', change('a/0', 'x'))
    progress.end()
    expect(out.written()).toMatch(/^\d\d:\d\d:\d\d n1 a\/0 x\n$/)
  }
})

/** What stands on the screen after the last repaint. */
function lastPicture(written: string): string[] {
  return (written.split('\r').at(-1) ?? '')
    .replace(/\u001b\[(K|J|\?25h)/g, '')
    .trimEnd()
    .split('\n')
}

test('on a terminal each unit is one row, and the cursor comes back', () => {
  const out = screen({ isTTY: true, rows: 24, columns: 60 })
  const progress = progressOn(out, { NO_COLOR: '1' })
  progress.event('n1', change('a/0', 'install a long list of packages that does not fit into the row at all'))
  progress.event('n2', state('a/1', 'active'))
  progress.end()
  const picture = lastPicture(out.written())
  expect(picture[0]).toMatch(/^● a\/0 n1 {4}\ds {2}install a long list .*…$/)
  expect(picture[0]?.length).toBeLessThanOrEqual(60)
  expect(picture[1]).toMatch(/^✓ a\/1 n2 {4}\ds {2}is active$/)
  expect(picture[2]).toBe('2 units: 1 active, 1 running, 0 stuck')
  expect(out.written().startsWith('\u001b[?25l')).toBe(true)
  expect(out.written().endsWith('\u001b[?25h')).toBe(true)
})

test('with more units than lines, those at the same step stand together, the stuck ones first; those that are well are counted', () => {
  const out = screen({ isTTY: true, rows: 8, columns: 40 })
  const progress = progressOn(out, { NO_COLOR: '1' })
  for (let i = 0; i < 20; i++) progress.event(`node${i}`, change(`a/${i}`, i < 12 ? 'install x' : 'start x'))
  for (const i of [0, 1, 2]) progress.event(`node${i}`, state(`a/${i}`, 'active'))
  progress.event('node17', { unit: 'a/17', kind: 'fault', message: 'disk full', hint: '' })
  progress.event('node17', state('a/17', 'blocked'))
  progress.end()
  const picture = lastPicture(out.written()).map((line) => line.replace(/ \d+s /, ' 0s '))
  expect(picture).toEqual([
    '✗ a/17 node17    0s  failed: disk full',
    '● 9 a    0s  install x  node3 node4',
    '             node5 node6 node7 node8',
    '             node9 node10 node11',
    '● 7 a    0s  start x  node12 node13',
    '             node14 node15 node16',
    '20 units: 3 active, 16 running, 1 stuck',
  ])
})

test('it may be ended twice: one picture is left', () => {
  const out = screen({ isTTY: true, rows: 24, columns: 60 })
  const progress = progressOn(out, { NO_COLOR: '1' })
  progress.event('n1', state('a/0', 'active'))
  progress.end()
  progress.end()
  expect(out.written().match(/1 units: /g)).toHaveLength(1)
})

test('a picture that fills the screen never clears it as a whole', () => {
  const out = screen({ isTTY: true, rows: 4, columns: 40 })
  const progress = progressOn(out, { NO_COLOR: '1' })
  for (let i = 0; i < 9; i++) progress.event(`n${i}`, change(`a/${i}`, `step ${i}`))
  progress.end()
  expect(out.written()).not.toMatch(/\r\u001b\[J/)
})
