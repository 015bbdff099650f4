import { describe, expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import type { ServiceCell } from '../../lib/host/service.ts'
import type { Ask, Surroundings } from '../../lib/lifecycle/ask.ts'
import { type Chart, life } from '../../lib/lifecycle/chart.ts'
import type { Charm } from '../../lib/lifecycle/charm.ts'
import { checkChart } from '../../lib/lifecycle/check-chart.ts'
import { type Site, statusOf } from '../../lib/lifecycle/unit.ts'
import type { MemoryMachine } from '../../lib/testing/memory-machine.ts'
import { checkPair, type PairVerdict } from '../../lib/testing/pair-check.ts'
import { play } from '../../lib/testing/play.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

const wishes: Record<string, (wanted: Wanted) => Wanted> = {
  'remove kata': (wanted) => ({ ...wanted, kata: 'absent' }),
  'remove containerd': (wanted) => ({ ...wanted, containerd: 'absent' }),
  unrelate: (wanted) => ({ ...wanted, related: false }),
  relate: (wanted) => ({ ...wanted, related: true }),
  'another shim': (wanted) => ({ ...wanted, shims: ['clh'] }),
  'an option of containerd': (wanted) => ({ ...wanted, restrictOom: 'true' }),
  'no settings of Kata': withoutSettings,
}

/** Versions, in addition: a path of its own through the chart, and back. */
const versions: typeof wishes = {
  'a new Kata': (wanted) => ({ ...wanted, kataVersion: '4.0.0' }),
  'the old Kata': (wanted) => ({ ...wanted, kataVersion: '3.20.0' }),
  'a Kata that does not run': (wanted) => ({ ...wanted, kataVersion: '3.99.0' }),
  'a new containerd': (wanted) => ({ ...wanted, containerdVersion: '1.7.28' }),
  'remove kata': (wanted) => ({ ...wanted, kata: 'absent' }),
  'another shim': (wanted) => ({ ...wanted, shims: ['clh'] }),
}

function withoutSettings(wanted: Wanted): Wanted {
  const { memory, ...rest } = wanted
  return memory === undefined ? wanted : rest
}

/** No handler without its files, in the file or in the running daemon. */
function always(machine: MemoryMachine): string[] {
  const text = machine.texts.get('/etc/containerd/config.toml') ?? ''
  const service = machine.cells.get('svc:containerd') as ServiceCell | undefined
  if (!text.includes('runtimes.kata-') || service?.active !== 'active') return []
  const link = machine.cells.get('link:/opt/kata') as { target: string } | undefined
  const there = link && machine.cells.get(`tree:${link.target}`)
  const own = [...text.matchAll(/ConfigPath = "(\/opt\/kata-config\/[^"]*)"/g)].map(([, path]) => path ?? '')
  return [
    ...(there ? [] : ['a handler is configured, and its files are not there']),
    ...own.filter((path) => !machine.texts.has(path)).map((path) => `a handler names ${path}, which is not there`),
  ]
}

/** A Kata that calls itself active has its handler in the runtime's configuration. */
function ended(machine: MemoryMachine, site: Site): string[] {
  const text = machine.texts.get('/etc/containerd/config.toml') ?? ''
  const active = site.units.find(
    (unit) => unit.app === 'kata' && unit.life === 'present' && statusOf(unit) === 'active',
  )
  return active && !text.includes('runtimes.kata-') ? ['kata is active, and its handler is not configured'] : []
}

const SET: Wanted = { ...FRESH, memory: 512 }

interface How {
  before?: Wanted
  wanted?: Wanted
  machine?: () => MemoryMachine
  failures?: number
  wishCount?: number
  without?: Surroundings['without']
  wishes?: typeof wishes
  use?: Record<string, Charm>
}

function check(how: How): PairVerdict {
  const machine = (how.machine ?? bareMachine)()
  const use = how.use ?? charms
  if (how.before === NEW) play(siteFor(machine, FRESH, use), machine)
  if (how.before) play(siteFor(machine, how.before, use), machine)
  return checkPair({
    machine,
    wanted: how.wanted ?? FRESH,
    site: (at, wanted) => siteFor(at, wanted, use),
    wishes: how.wishes ?? wishes,
    failures: how.failures ?? 1,
    wishCount: how.wishCount ?? 1,
    always,
    ended,
    ...(how.without ? { without: how.without } : {}),
  })
}

describe('each charm alone, three failures', () => {
  test.each(Object.keys(charms))('%s', (name) => {
    const verdict = checkChart(chartOf(name), 3)
    console.log(`${name}: ${verdict.states} states`)
    expect(verdict.violations).toEqual([])
    expect(verdict.states).toBeGreaterThan(40)
  })
})

describe('containerd and kata, the real driver and stages: one wish at any moment, one failure', () => {
  test.each<[string, How]>([
    ['a fresh deploy', {}],
    ['on an adopted containerd', { machine: adoptedMachine }],
    ['from deployed', { before: FRESH }],
    ['from deployed with settings of Kata', { before: SET, wanted: SET }],
  ])('%s', (name, how) => {
    const verdict = check(how)
    console.log(`${name}: ${verdict.states} states, ${verdict.goodEnds} good ends`)
    expect(verdict.violations).toEqual([])
    expect(verdict.goodEnds).toBeGreaterThan(0)
  })
})

const NEW: Wanted = { ...FRESH, kataVersion: '4.0.0', containerdVersion: '1.7.28' }

describe('upgrades: the same, one wish at any moment, one failure', () => {
  test.each<[string, How]>([
    ['both at once', { before: FRESH, wanted: NEW }],
    ['Kata alone', { before: FRESH, wanted: { ...FRESH, kataVersion: '4.0.0' } }],
    ['back to the old ones', { before: NEW, wanted: FRESH }],
    ['a Kata that does not run', { before: FRESH, wanted: { ...FRESH, kataVersion: '3.99.0' } }],
  ])('%s', (name, how) => {
    const verdict = check({ ...how, wishes: versions })
    console.log(`${name}: ${verdict.states} states, ${verdict.goodEnds} good ends`)
    expect(verdict.violations).toEqual([])
    expect(verdict.goodEnds).toBeGreaterThan(0)
  })
})

describe('broken copies are found', () => {
  test('a missing remove edge', () => {
    const broken = changed('kata', (states) => drop(states, 'active', 'remove'))
    expect(checkChart(broken.chart, 0).violations.join()).toContain('active does not take remove')
    expect(check({ failures: 0, use: { ...charms, kata: broken } }).violations).not.toEqual([])
  })

  test('active without proof', () => {
    const broken = changed('containerd', (states) => redirect(states, 'configuring', 'ok', 'active'))
    expect(checkChart(broken.chart, 0).violations.join()).toContain('active without a proof')
    expect(check({ failures: 0, wishCount: 0, use: { ...charms, containerd: broken } }).violations.join()).toContain(
      'without a proof',
    )
  })

  test('a lost wish', () => {
    const broken = changed('containerd', (states) => drop(states, 'active', 'changed'))
    expect(check({ failures: 0, use: { ...charms, containerd: broken } }).violations.join()).toContain(
      'not on what is wanted',
    )
  })

  test('what a stage no longer wants, put back before its peers have let go of it', () => {
    const broken = changed('kata', (states) => hasty(states, 'configuring'))
    const verdict = check({ before: SET, wanted: FRESH, failures: 0, wishCount: 0, use: { ...charms, kata: broken } })
    expect(verdict.violations.join()).toContain('configuration-qemu.toml, which is not there')
  })

  test('rule 1 taken out: inputs read twice in one walk', () => {
    expect(check({ before: FRESH, without: { frozenInputs: true } }).violations).not.toEqual([])
  })

  test('rule 2 taken out: a wait satisfied by what a peer in mid-walk said before, two failures', () => {
    const machine = () => {
      const made = bareMachine()
      play(siteFor(made, FRESH), made)
      const fails = (_: number, ask: Ask) =>
        ask.do === 'write' && ask.unit === 'containerd/0' && ask.stage === 'configuring'
      play(siteFor(made, { ...FRESH, kata: 'absent' }), made, { fails })
      return made
    }
    expect(check({ machine, failures: 1, wishCount: 0 }).violations).toEqual([])
    const broken = check({ machine, failures: 1, wishCount: 0, without: { peersAtRest: true } })
    expect(broken.violations.join()).toContain('its handler is not configured')
  })
})

type States = Chart['states']

function chartOf(name: string): Chart {
  const charm = charms[name]
  if (!charm) throw new Error(`no charm ${name}`)
  return charm.chart
}

function changed(name: string, change: (states: States) => States): Charm {
  const charm = charms[name]
  if (!charm) throw new Error(`no charm ${name}`)
  return { ...charm, chart: life(name, charm.chart.initial, change(charm.chart.states)) }
}

function drop(states: States, state: string, signal: string): States {
  const old = states[state]
  if (!old) throw new Error(`no state ${state}`)
  const to = Object.fromEntries(Object.entries(old.to).filter(([each]) => each !== signal))
  return { ...states, [state]: { ...old, to } as States[string] }
}

/** The stage puts back at once what it no longer wants. */
function hasty(states: States, state: string): States {
  const old = states[state]
  if (old?.kind !== 'stage') throw new Error(`no stage ${state}`)
  return { ...states, [state]: { ...old, keeps: false } }
}

function redirect(states: States, state: string, signal: string, target: string): States {
  const old = states[state]
  if (!old) throw new Error(`no state ${state}`)
  return { ...states, [state]: { ...old, to: { ...old.to, [signal]: target } } as States[string] }
}
