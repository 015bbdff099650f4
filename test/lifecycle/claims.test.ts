import { expect, test } from 'vitest'
import { z } from 'zod'
import { holdings } from '../../lib/lifecycle/manifest.ts'
import { type Charm, defineCharm } from '../../lib/lifecycle/charm.ts'
import { life, rest, stage, undo } from '../../lib/lifecycle/chart.ts'
import type { Unit } from '../../lib/lifecycle/unit.ts'
import { MemoryMachine, play } from '../../lib/testing/index.ts'

/** Two charms that want one and the same file. */
const note: Charm = defineCharm({
  name: 'note',
  summary: 'one shared file',
  subordinate: false,
  config: z.strictObject({}),
  endpoints: {},
  resources: {},
  observe: () => [],
  chart: life('note', 'absent', {
    absent: rest('unknown', { begin: 'writing', remove: 'clearing' }),
    writing: stage({ ok: 'active', fail: 'absent' }, { takes: true, hook: 'start' }),
    active: rest('active', { begin: 'writing', remove: 'clearing' }),
    clearing: undo('all', { ok: 'removed', fail: 'active' }),
    removed: rest('terminated', { begin: 'writing', remove: 'clearing' }),
  }),
  stages: { writing: () => ({ objects: [{ kind: 'file', path: '/etc/shared', text: 'ours\n' }] }) },
  waits: {},
})

function unit(machine: MemoryMachine, name: string, life: Unit['life']): Unit {
  const record = machine.lines.findLast((line) => line.t === 'end' && line.record.unit === name)
  const state = record?.t === 'end' ? record.record.state : 'absent'
  const common = { app: name, charm: note, options: {}, set: [], resources: {}, kept: [], links: [], bags: {} }
  return { ...common, name, life, state, begun: false, removing: false }
}

function run(machine: MemoryMachine, wishes: Record<string, Unit['life']>): string[] {
  const units = Object.entries(wishes).map(([name, life]) => unit(machine, name, life))
  return play({ machine: 'm', units, lines: [...machine.lines] }, machine).writes
}

test('what two units need goes with the last of them, back to what was there before', () => {
  const machine = new MemoryMachine({ packages: {}, report: () => undefined })
  machine.putFile('/etc/shared', 'theirs\n')
  expect(run(machine, { a: 'present', b: 'present' })).toEqual(['a write /etc/shared'])
  expect(run(machine, { a: 'absent', b: 'present' })).toEqual([])
  expect(machine.texts.get('/etc/shared')).toBe('ours\n')
  expect(holdings(machine.lines, 'b').map((held) => held.key)).toEqual(['file:/etc/shared'])
  expect(run(machine, { b: 'absent' })).toEqual(['b put back /etc/shared'])
  expect(machine.texts.get('/etc/shared')).toBe('theirs\n')
})

test('a unit that only found it right takes nothing along', () => {
  const machine = new MemoryMachine({ packages: {}, report: () => undefined })
  run(machine, { a: 'present', b: 'present' })
  expect(run(machine, { a: 'present', b: 'absent' })).toEqual([])
  expect(machine.texts.get('/etc/shared')).toBe('ours\n')
  expect(run(machine, { a: 'absent' })).toEqual(['a remove /etc/shared'])
})

test('what was there before us and right has no line and stays', () => {
  const machine = new MemoryMachine({ packages: {}, report: () => undefined })
  machine.putFile('/etc/shared', 'ours\n')
  expect(run(machine, { a: 'present' })).toEqual([])
  expect(run(machine, { a: 'absent' })).toEqual([])
  expect(machine.texts.get('/etc/shared')).toBe('ours\n')
})
