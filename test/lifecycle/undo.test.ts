import { describe, expect, test } from 'vitest'
import type { Ask } from '../../lib/lifecycle/ask.ts'
import { holdings } from '../../lib/lifecycle/manifest.ts'
import type { MemoryMachine } from '../../lib/testing/index.ts'
import { play } from '../../lib/testing/index.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

const CONFIG = '/etc/containerd/config.toml'
const gone: Wanted = { ...FRESH, containerd: 'absent', kata: 'absent', related: false }

function run(machine: MemoryMachine, wanted: Wanted, fails?: (step: number, ask: Ask) => boolean) {
  const site = siteFor(machine, wanted)
  const outcome = play(site, machine, fails ? { fails } : {})
  return { site, ...outcome }
}

describe('removal', () => {
  test('puts back an adopted file byte for byte, and the daemon reads it', () => {
    const machine = adoptedMachine()
    const before = machine.texts.get(CONFIG)
    run(machine, FRESH)
    expect(machine.texts.get(CONFIG)).not.toBe(before)
    const { writes } = run(machine, gone)
    expect(machine.texts.get(CONFIG)).toBe(before)
    expect(writes.at(-1)).not.toContain('stop')
    expect(machine.value('svc:containerd')).toMatchObject({ active: 'active' })
  })

  test('keeps what a hand added since, and takes only ours', () => {
    const machine = adoptedMachine()
    run(machine, FRESH)
    machine.putFile(CONFIG, `# a note\n${machine.texts.get(CONFIG)}# the last word\n`)
    run(machine, gone)
    const text = machine.texts.get(CONFIG) ?? ''
    expect(text).toContain('# a note')
    expect(text).toContain('# the last word')
    expect(text).not.toContain('kata')
  })

  test('a file of ours that a hand added to keeps what it was begun with; without these lines it goes', () => {
    const machine = adoptedMachine()
    machine.texts.delete(CONFIG)
    machine.cells.delete(`file:${CONFIG}`)
    run(machine, FRESH)
    const ours = machine.texts.get(CONFIG) ?? ''
    expect(ours).toContain('kata')
    const edited = machine.clone()
    edited.putFile(CONFIG, `# a note\n${ours}`)
    run(edited, gone)
    expect(edited.texts.get(CONFIG)).toBe('# a note\nversion = 2\n')
    run(machine, gone)
    expect(machine.texts.has(CONFIG)).toBe(false)
  })

  test('a package of ours goes with what came along; its daemon stops first', () => {
    const machine = bareMachine()
    run(machine, FRESH)
    const { writes } = run(machine, gone)
    expect(machine.net()).toBe(bareMachine().net())
    const order = ['stop containerd', 'remove containerd', 'remove runc', 'forget containerd']
    const places = order.map((words) => writes.indexOf(`containerd/0 ${words}`))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
  })
})

describe('a configuration that does not prove itself', () => {
  test('is taken back at once: the file as before, the daemon running on it, the databag as before', () => {
    const machine = adoptedMachine()
    run(machine, { ...FRESH, related: false })
    const before = machine.texts.get(CONFIG)
    const sick = machine.clone()
    Object.assign(sick, { fixtures: { ...machine.fixtures, report: reportSick(machine) } })
    const { site, events } = run(sick, FRESH)
    const unit = site.units.find((each) => each.app === 'containerd')
    expect(unit?.state).toBe('failed')
    expect(unit?.fault?.message).toContain('CRI health: the plugin io.containerd.grpc.v1.cri is in state error')
    expect(sick.texts.get(CONFIG)).toBe(before)
    expect(unit?.bags['handlers']).toEqual(undefined)
    expect(events.some((event) => event.kind === 'hook' && event.hook === 'rollback')).toBe(true)
    expect(site.units.find((each) => each.app === 'kata')?.state).toBe('parked')
  })

  test('an undo that fails too rests in failed, still holding what is there; a rerun mends it', () => {
    const machine = adoptedMachine()
    let down = false
    const fails = (_: number, ask: Ask) => {
      down ||= ask.do === 'check' && ask.unit === 'containerd/0'
      return down && ask.do !== 'tell' && 'unit' in ask && ask.unit === 'containerd/0'
    }
    const first = run(machine, FRESH, fails)
    const unit = first.site.units.find((each) => each.app === 'containerd')
    expect(unit?.state).toBe('failed')
    expect(holdings(machine.lines, 'containerd/0').length).toBeGreaterThan(0)
    const again = run(machine, FRESH)
    expect(again.site.units.map((each) => each.state)).toEqual(['active', 'active'])
  })
})

/** The daemon comes up with its CRI in error as soon as our handler is in its file. */
function reportSick(machine: MemoryMachine): MemoryMachine['fixtures']['report'] {
  return (key, at) => {
    const sick = at.texts.get(CONFIG)?.includes('kata')
    if (key === 'containerd:cri' && sick) {
      return { plugins: [{ id: 'io.containerd.grpc.v1.cri', status: 'error' }], runtime: 'not ready' }
    }
    return machine.fixtures.report(key, at)
  }
}
