import { expect, test } from 'vitest'
import { compact } from '../../lib/lifecycle/compact.ts'
import { holdings, type Line, openOperation, recordsOf } from '../../lib/lifecycle/manifest.ts'
import { play } from '../../lib/testing/index.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

/** What a manifest says in the end; the numbers of its lines are its own affair. */
function net(lines: Line[]): unknown {
  const units = [...recordsOf(lines).keys()]
  return [units.map((unit) => holdings(lines, unit).map((held) => ({ ...held, ns: [] }))), [...recordsOf(lines)]]
}

test.each([
  ['bare', bareMachine],
  ['adopted', adoptedMachine],
])('a compacted manifest says the same, and removal from it ends the same (%s)', (_name, make) => {
  const machine = make()
  const wishes: Wanted[] = [
    FRESH,
    { ...FRESH, shims: ['clh'] },
    { ...FRESH, related: false },
    { ...FRESH, restrictOom: 'true' },
  ]
  for (const wanted of [...wishes, ...wishes]) {
    play(siteFor(machine, wanted), machine)
    const text = machine.texts.get('/etc/containerd/config.toml') ?? ''
    machine.putFile('/etc/containerd/config.toml', `${text}# by a hand\n`)
  }
  const short = compact(machine.lines)
  expect(short.length).toBeLessThan(machine.lines.length / 2)
  expect(net(short)).toEqual(net(machine.lines))

  const gone: Wanted = { ...FRESH, containerd: 'absent', kata: 'absent', related: false }
  const other = machine.clone()
  other.lines = short
  for (const each of [machine, other]) play(siteFor(each, gone), each)
  expect(other.net()).toBe(machine.net())
})

test('an open operation keeps every line', () => {
  const machine = bareMachine()
  expect(() =>
    play(siteFor(machine, FRESH), machine, {
      at(boundary) {
        if (boundary === 3) throw new Error('cut')
      },
    }),
  ).toThrow('cut')
  expect(openOperation(machine.lines, 'containerd/0') ?? openOperation(machine.lines, 'kata/0')).toBeDefined()
  expect(compact(machine.lines)).toBe(machine.lines)
})

test('what an upgrade left can be gone back to from a compacted manifest, and from there all removed', () => {
  const machine = adoptedMachine()
  const newer: Wanted = { ...FRESH, kataVersion: '4.0.0', containerdVersion: '1.7.28' }
  const steps: Wanted[] = [FRESH, { ...FRESH, shims: ['clh'] }, FRESH, newer, { ...newer, restrictOom: 'true' }]
  for (const wanted of steps) play(siteFor(machine, wanted), machine)
  const other = machine.clone()
  other.lines = compact(machine.lines)
  expect(other.lines.length).toBeLessThan(machine.lines.length)
  expect(net(other.lines)).toEqual(net(machine.lines))

  const back: Wanted = { ...FRESH, containerdVersion: '1.7.24' }
  const gone: Wanted = { ...FRESH, containerd: 'absent', kata: 'absent', related: false }
  for (const wanted of [back, gone]) {
    const writes = [machine, other].map((each) => play(siteFor(each, wanted), each).writes)
    expect(writes[1]).toEqual(writes[0])
    expect(writes[0]?.length).toBeGreaterThan(3)
    expect(other.net()).toBe(machine.net())
  }
  expect(machine.texts.get('/etc/containerd/config.toml')).toContain('# by hand')
})
