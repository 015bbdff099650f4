import { expect, test } from 'vitest'
import { openOperation, recordsOf } from '../../lib/lifecycle/manifest.ts'
import { keptFor, want, wayToWish } from '../../lib/lifecycle/revision.ts'
import type { Site, Unit } from '../../lib/lifecycle/unit.ts'
import type { MemoryMachine } from '../../lib/testing/memory-machine.ts'
import { Crash, play } from '../../lib/testing/play.ts'
import { bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

const NEWER: Wanted = { ...FRESH, kataVersion: '4.0.0' }

function upgraded(): MemoryMachine {
  const machine = bareMachine()
  for (const wanted of [FRESH, NEWER]) play(siteFor(machine, wanted), machine)
  return machine
}

test.each([
  ['nobody wants one back', undefined, undefined],
  ['a kept one is wanted back', '3.20.0', 'rollback'],
  ['one that is not kept is wanted back', '3.19.0', undefined],
])('options that leave the version open: %s', (_what, back, way) => {
  const machine = upgraded()
  const { site, unit } = leftOpen(machine, back)
  expect(wayToWish(site, unit)).toBe(way)
})

test('a unit that had another version with the options that are wanted back goes back to that one', () => {
  const machine = upgraded()
  const { site, unit } = leftOpen(machine, '3.19.0', false)
  expect(wayToWish(site, unit)).toBe('rollback')
  expect(keptFor(unit)?.version).toBe('3.20.0')
})

test('an upgrade that was cut off is no way forward for who wants an earlier version back', () => {
  const fresh = bareMachine()
  play(siteFor(fresh, FRESH), fresh)
  const machine = upgraded()
  const last: Wanted = { ...FRESH, kataVersion: '4.0.1' }
  const cut = (at: number): void => {
    if (at === 4) throw new Crash('killed')
  }
  expect(() => play(siteFor(machine, last), machine, { at: cut })).toThrow(Crash)
  const { site, unit } = leftOpen(machine, '3.20.0', false)
  expect(openOperation(machine.lines, 'kata/0')?.to).toBe('4.0.1')
  expect(wayToWish(site, unit)).toBe('rollback')
  play(site, machine)
  expect(recordsOf(machine.lines).get('kata/0')).toMatchObject({ version: '3.20.0' })
  expect(machine.net()).toBe(fresh.net())
})

/** Kata's unit, whose options leave the version open from now on; `other`: others than any that are kept. */
function leftOpen(machine: MemoryMachine, back: string | undefined, other = true): { site: Site; unit: Unit } {
  const site = siteFor(machine, NEWER)
  const unit = site.units.find(({ name }) => name === 'kata/0')
  if (unit?.charm.upgrades === undefined) throw new Error('no unit that upgrades')
  unit.charm = { ...unit.charm, upgrades: { ...unit.charm.upgrades, version: () => undefined } }
  const kept = unit.kept.at(-1)
  const { charm, options, set } = unit
  const resources = siteFor(machine, FRESH).units.find(({ name }) => name === 'kata/0')?.wish?.resources ?? {}
  const wanted = other ? { ...options, memory: 512 } : (kept?.options ?? {})
  want(unit, { charm, options: wanted, set, resources, ...(back ? { back } : {}) })
  return { site, unit }
}
