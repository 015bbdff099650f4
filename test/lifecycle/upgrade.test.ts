import { describe, expect, test } from 'vitest'
import { type Ask, StepFailed } from '../../lib/lifecycle/ask.ts'
import { recordsOf } from '../../lib/lifecycle/manifest.ts'
import { inputsDigest, type Site, statusOf } from '../../lib/lifecycle/unit.ts'
import type { MemoryMachine } from '../../lib/testing/memory-machine.ts'
import { play } from '../../lib/testing/play.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

const NEWER: Wanted = { ...FRESH, kataVersion: '4.0.0' }
const BROKEN: Wanted = { ...FRESH, kataVersion: '3.99.0' }

function deployed(wanted: Wanted = FRESH, machine = bareMachine()): MemoryMachine {
  play(siteFor(machine, wanted), machine)
  return machine
}

function kataOn(machine: MemoryMachine) {
  const record = recordsOf(machine.lines).get('kata/0')
  if (!record) throw new Error('no record of kata/0')
  return record
}

function hooks(site: Site, machine: MemoryMachine, unit: string): string[] {
  const { events } = play(site, machine)
  return events.flatMap((event) => (event.kind === 'hook' && event.unit === unit ? [event.hook] : []))
}

test('an upgrade runs its hooks in order, keeps what it left, and a second run changes nothing', () => {
  const machine = deployed()
  expect(hooks(siteFor(machine, NEWER), machine, 'kata/0')).toEqual([
    'pre-upgrade',
    'upgrade-charm',
    'runtime-relation-changed',
    'post-upgrade',
  ])
  expect(kataOn(machine)).toMatchObject({ state: 'active', version: '4.0.0', kept: [{ version: '3.20.0' }] })
  expect(machine.cells.get('tree:/opt/kata-3.20.0')).toBeTruthy()
  expect(play(siteFor(machine, NEWER), machine).writes).toEqual([])
})

test('going back undoes the upgrade and what came since; the options of that time are in force again', () => {
  const machine = deployed()
  const before = machine.net()
  play(siteFor(machine, NEWER), machine)
  play(siteFor(machine, { ...NEWER, memory: 512 }), machine)
  expect(machine.net()).not.toBe(before)
  play(siteFor(machine, FRESH), machine)
  expect(machine.net()).toBe(before)
  expect(kataOn(machine)).toMatchObject({ state: 'active', version: '3.20.0' })
  expect(kataOn(machine).kept).toBeUndefined()
})

test('a version that does not prove itself is put back, said, remembered, and tried again only when asked', () => {
  const machine = deployed()
  const before = machine.net()
  play(siteFor(machine, BROKEN), machine)
  expect(machine.net()).toBe(before)
  expect(kataOn(machine)).toMatchObject({ state: 'held', version: '3.20.0', refused: { version: '3.99.0' } })
  expect(kataOn(machine).fault?.message).toContain('stays on 3.20.0: 3.99.0 was refused: new shim qemu')
  expect(play(siteFor(machine, BROKEN), machine).writes).toEqual([])
  const again = siteFor(machine, BROKEN)
  for (const unit of again.units) delete unit.refused
  expect(play(again, machine).writes.length).toBeGreaterThan(0)
  play(siteFor(machine, FRESH), machine)
  expect(kataOn(machine)).toMatchObject({ state: 'active', version: '3.20.0' })
  expect(kataOn(machine).refused).toBeUndefined()
})

test('rule 3 taken out: what was refused is not remembered, and is tried for ever', () => {
  const machine = deployed()
  expect(() => play(siteFor(machine, BROKEN), machine, { without: { refused: true } })).toThrow('go round in circles')
})

test('another wish than the refused one is tried at once', () => {
  const machine = deployed()
  play(siteFor(machine, BROKEN), machine)
  play(siteFor(machine, NEWER), machine)
  expect(kataOn(machine)).toMatchObject({ state: 'active', version: '4.0.0' })
})

test('where going back fails as well the unit is in error with what to do, and the next run goes on going back', () => {
  const machine = deployed()
  const before = machine.net()
  const site = siteFor(machine, BROKEN)
  play(site, machine, { fails: (_, ask) => ask.do === 'write' && ask.change.verb.startsWith('remove /opt/kata-3.99') })
  expect(kataOn(machine)).toMatchObject({ state: 'failed', version: '3.20.0' })
  expect(kataOn(machine).open).toBeDefined()
  expect(machine.net()).not.toBe(before)
  play(siteFor(machine, BROKEN), machine)
  expect(machine.net()).toBe(before)
  expect(kataOn(machine).state).toBe('held')
})

test('with --no-rollback a failed upgrade stays as it is; the next run without it puts it back', () => {
  const machine = deployed()
  const before = machine.net()
  play(siteFor(machine, BROKEN), machine, { keepsFailed: true })
  expect(machine.cells.get('tree:/opt/kata-3.99.0')).toBeTruthy()
  expect(kataOn(machine)).toMatchObject({ state: 'failed', version: '3.20.0' })
  expect(kataOn(machine).fault?.hint).toContain('kcharm rollback kata puts the old version back')
  play(siteFor(machine, FRESH), machine)
  expect(machine.net()).toBe(before)
  expect(kataOn(machine).state).toBe('active')
})

test('what an upgrade kept goes when it is pruned, but not while something runs from it', () => {
  const machine = deployed()
  play(siteFor(machine, NEWER), machine)
  const prune = (users: number) => {
    machine.fixtures.report = ((plain) => (key, at) => (key.startsWith('users:') ? users : plain(key, at)))(
      machine.fixtures.report,
    )
    const site = siteFor(machine, NEWER)
    for (const unit of site.units) unit.prunes = true
    return play(site, machine)
  }
  const used = prune(2)
  expect(used.writes).toEqual([])
  expect(used.events).toContainEqual(
    expect.objectContaining({
      kind: 'kept',
      why: expect.stringContaining('2 processes still run from version 3.20.0'),
    }),
  )
  expect(prune(0).writes).toEqual(['kata/0 remove /opt/kata-3.20.0'])
  expect(kataOn(machine).kept).toBeUndefined()
  expect(kataOn(machine).version).toBe('4.0.0')
})

test('where pruning fails the revision stays kept, and the next one comes to its end', () => {
  const machine = deployed()
  play(siteFor(machine, NEWER), machine)
  const prune = (fails: boolean) => {
    const site = siteFor(machine, NEWER)
    for (const unit of site.units) unit.prunes = true
    return play(site, machine, {
      fails: (_, ask) => fails && ask.do === 'write' && ask.change.verb.startsWith('remove'),
    })
  }
  prune(true)
  expect(kataOn(machine)).toMatchObject({ state: 'failed', kept: [{ version: '3.20.0' }] })
  expect(prune(false).writes).toEqual(['kata/0 remove /opt/kata-3.20.0'])
  expect(kataOn(machine).kept).toBeUndefined()
})

test('both charms: containerd is proved on its new version before Kata begins, and each restart is one', () => {
  const machine = deployed(FRESH, adoptedMachine())
  const { writes, events } = play(siteFor(machine, { ...NEWER, containerdVersion: '1.7.28' }), machine)
  expect(writes.filter((each) => each.includes('restart'))).toEqual(['containerd/0 restart containerd'])
  const at = (unit: string, state: string) =>
    events.findIndex((event) => event.kind === 'state' && event.unit === unit && event.state === state)
  expect(at('containerd/0', 'active')).toBeGreaterThan(0)
  expect(at('containerd/0', 'active')).toBeLessThan(at('kata/0', 'preUpgrade'))
})

test('a hand’s line in a file survives upgrade and going back', () => {
  const machine = deployed(FRESH, adoptedMachine())
  const config = '/etc/containerd/config.toml'
  const newer = { ...FRESH, containerdVersion: '1.7.28', restrictOom: 'true' as const }
  play(siteFor(machine, newer), machine)
  machine.putFile(config, `${machine.texts.get(config)}# by a hand since\n`)
  const back = { ...FRESH, containerdVersion: '1.7.24' }
  play(siteFor(machine, back), machine)
  expect(machine.texts.get(config)).toContain('# by a hand since')
  expect(machine.texts.get(config)).not.toContain('restrict_oom_score_adj')
  for (const unit of siteFor(machine, back).units) {
    expect(statusOf(unit)).toBe('active')
    expect(unit.judged).toBe(inputsDigest(siteFor(machine, back), unit, machine.view(new Set())))
  }
})

test('a hand’s edit in lines that the upgrade made stops the way back before anything is undone; taken back, it goes on', () => {
  const machine = deployed(FRESH, adoptedMachine())
  const config = '/etc/containerd/config.toml'
  play(siteFor(machine, { ...FRESH, containerdVersion: '2.0.10' }), machine)
  const moved = machine.texts.get(config) ?? ''
  machine.putFile(config, moved.replace('/usr/lib/cni', '/opt/cni/bin'))
  const back = { ...FRESH, containerdVersion: '1.7.24' }
  expect(play(siteFor(machine, back), machine).writes).toEqual([])
  const stuck = recordsOf(machine.lines).get('containerd/0')
  expect(stuck).toMatchObject({ state: 'failed', version: '2.0.10' })
  expect(stuck?.fault?.message).toContain(`${config} was edited by a hand where kcharm had edited it`)
  expect(stuck?.fault?.hint).toMatch(/take that edit back, or put back \/var\/lib\/kcharm\/backups\/[0-9a-f]{64}/)
  machine.putFile(config, moved)
  play(siteFor(machine, back), machine)
  expect(recordsOf(machine.lines).get('containerd/0')).toMatchObject({ state: 'active', version: '1.7.24' })
  expect(machine.texts.get(config)).toContain('BEGIN kcharm')
})

test('a disk that is full says nothing about a version: it is put back, said, and the next run tries again', () => {
  const machine = deployed()
  const before = machine.net()
  const full = (ask: Ask) => ask.do === 'write' && ask.change.key === 'tree:/opt/kata-4.0.0'
  play(siteFor(machine, NEWER), machine, {
    fails: (_, ask) => {
      if (full(ask)) throw new StepFailed('unpack kata: tar: Cannot write: No space left on device')
      return false
    },
  })
  expect(machine.net()).toBe(before)
  const { state, version, fault } = kataOn(machine)
  expect([state, version]).toEqual(['held', '3.20.0'])
  expect(fault?.message).toContain('No space left on device')
  expect(fault?.hint).toBe('free some space there, then run the same command again')
  play(siteFor(machine, NEWER), machine)
  expect(kataOn(machine)).toMatchObject({ state: 'active', version: '4.0.0' })
  play(siteFor(machine, FRESH), machine)
  expect(machine.net()).toBe(before)
})

test('what a stage asks is done only where somebody was asked: a pod that came since the plan is not ended', () => {
  const machine = deployed(FRESH, adoptedMachine())
  const before = machine.net()
  const { report } = machine.fixtures
  machine.fixtures.report = (key, at) => (key === 'containerd:sandboxes' ? ['pod'] : report(key, at))
  const two = { ...FRESH, containerdVersion: '2.0.10' }
  const asked: string[] = []
  play(siteFor(machine, two), machine, { agreed: (unit, what) => asked.push(`${unit}: ${what}`) < 0 })
  expect(asked).toEqual([expect.stringContaining('containerd/0: the pod sandboxes of this machine')])
  expect(machine.net()).toBe(before)
  const record = recordsOf(machine.lines).get('containerd/0')
  expect(record).toMatchObject({ state: 'held', version: '1.7.24' })
  expect(record?.fault?.message).toContain('nobody was asked: the pod sandboxes')
  play(siteFor(machine, two), machine, { agreed: () => true })
  expect(recordsOf(machine.lines).get('containerd/0')).toMatchObject({ state: 'active', version: '2.0.10' })
})

describe('several hops in a row', () => {
  const FAR: Wanted = { ...FRESH, containerdVersion: '2.1.9', via: ['2.0.10'] }
  const versions = (machine: MemoryMachine) => {
    const { version, kept = [] } = recordsOf(machine.lines).get('containerd/0') ?? {}
    return [...kept.map((each) => each.version), version]
  }

  test('each is proved before the next, and each can be gone back to', () => {
    const machine = deployed(FRESH, adoptedMachine())
    const before = machine.net()
    const { events } = play(siteFor(machine, FAR), machine)
    const hooks = events.flatMap((event) =>
      event.kind === 'hook' && event.unit === 'containerd/0' ? [event.hook] : [],
    )
    const hop = ['pre-upgrade', 'upgrade-charm', 'post-upgrade']
    expect(hooks.filter((hook) => hook.includes('upgrade'))).toEqual([...hop, ...hop])
    expect(versions(machine)).toEqual(['1.7.24', '2.0.10', '2.1.9'])
    expect(machine.texts.get('/etc/containerd/config.toml')).not.toContain('BEGIN kcharm')
    expect(play(siteFor(machine, FAR), machine).writes).toEqual([])
    const back = siteFor(machine, { ...FRESH, containerdVersion: '2.0.10' })
    play(back, machine)
    expect(versions(machine)).toEqual(['1.7.24', '2.0.10'])
    play(siteFor(machine, { ...FRESH, containerdVersion: '1.7.24' }), machine)
    expect(versions(machine)).toEqual(['1.7.24'])
    expect(machine.net()).toBe(before)
  })

  test('where the second fails the first stays, and works', () => {
    const machine = deployed(FRESH, adoptedMachine())
    play(siteFor(machine, FAR), machine, {
      fails: (_, ask) => ask.do === 'write' && ask.change.verb.includes('from 2.0.10 to 2.1.9'),
    })
    const record = recordsOf(machine.lines).get('containerd/0')
    expect(record).toMatchObject({ state: 'held', version: '2.0.10', refused: { version: '2.1.9' } })
    expect(play(siteFor(machine, FAR), machine).writes).toEqual([])
  })
})
