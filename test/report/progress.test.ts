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
  return (written.split('\u001b[J').at(-1) ?? '').replaceAll('\u001b[?25h', '').trimEnd().split('\n')
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

test('with more units than lines the failed and the running ones are shown', () => {
  const out = screen({ isTTY: true, rows: 6, columns: 80 })
  const progress = progressOn(out, { NO_COLOR: '1' })
  for (let i = 0; i < 20; i++) progress.event(`n${i}`, state(`a/${i}`, 'active'))
  progress.event('n17', state('a/17', 'error'))
  progress.event('n3', change('a/20', 'x'))
  progress.end()
  const picture = lastPicture(out.written())
  expect(picture).toHaveLength(5)
  expect(picture.join('\n')).toContain('✗ a/17 n17')
  expect(picture.join('\n')).toContain('● a/20 n3')
  expect(picture.at(-1)).toBe('21 units: 19 active, 1 running, 1 stuck')
})
