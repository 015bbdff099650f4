import { describe, expect, test } from 'vitest'
import type { Reading } from '../../lib/host/view.ts'
import { planSite, type SitePlan } from '../../lib/plan/plan-site.ts'
import { copySite } from '../../lib/run/sites.ts'
import type { MemoryMachine } from '../../lib/testing/index.ts'
import { play } from '../../lib/testing/index.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from '../lifecycle/pair.ts'

const gone: Wanted = { ...FRESH, containerd: 'absent', kata: 'absent', related: false }
const alone: Wanted = { ...FRESH, related: false }

/** A plan over readings taken from the machine in memory, as a run takes them over SSH. */
function plan(
  machine: MemoryMachine,
  wanted: Wanted,
  looks: { observed?: Map<string, unknown>; looksOnly?: boolean } = {},
): SitePlan {
  const { observed = new Map<string, unknown>(), ...how } = looks
  const steps = planSite(copySite(siteFor(machine, wanted)), observed, how)
  let next = steps.next()
  while (!next.done) {
    for (const reading of next.value as Reading<unknown>[]) observed.set(reading.key, machine.value(reading.key))
    next = steps.next()
  }
  return next.value.plan
}

describe('what is executed is what was planned, in the same order', () => {
  test.each<[string, () => MemoryMachine, Wanted | undefined, Wanted]>([
    ['deploy on a bare machine', bareMachine, undefined, FRESH],
    ['deploy where containerd was adopted', adoptedMachine, undefined, FRESH],
    ['relate', bareMachine, alone, FRESH],
    ['unrelate', adoptedMachine, FRESH, alone],
    ['another shim', bareMachine, FRESH, { ...FRESH, shims: ['qemu', 'clh'] }],
    ['an option', bareMachine, FRESH, { ...FRESH, restrictOom: 'true' }],
    ['deploy with a setting of Kata', bareMachine, undefined, { ...FRESH, memory: 512 }],
    ['a setting of Kata', bareMachine, FRESH, { ...FRESH, memory: 512 }],
    ['another value of it', bareMachine, { ...FRESH, memory: 512 }, { ...FRESH, memory: 1024 }],
    ['no setting any more', bareMachine, { ...FRESH, memory: 512 }, FRESH],
    ['remove all', bareMachine, FRESH, gone],
    ['remove all where containerd was adopted', adoptedMachine, FRESH, gone],
  ])('%s', (_name, make, before, wanted) => {
    const machine = make()
    if (before) play(siteFor(machine, before), machine)
    const untouched = machine.net()
    const planned = plan(machine, wanted)
    expect(machine.net()).toBe(untouched)
    const done = play(siteFor(machine, wanted), machine).writes
    expect(planned.changes.map((change) => `${change.unit} ${change.verb}`)).toEqual(done)
    expect(done.length).toBeGreaterThan(0)
    expect(plan(machine, wanted)).toMatchObject({ changes: [], records: 0 })
  })
})

describe('a plan tells', () => {
  test('an edit of a file that a package will bring is shown by its intent, as one that may change', () => {
    const edit = plan(bareMachine(), FRESH).changes.find((change) => change.key.startsWith('file:/etc/containerd'))
    expect(edit).toMatchObject({ mayChange: true, after: 'later' })
    expect(edit?.intent).toContain('runtimes.kata-qemu')
    expect(edit?.why).toContain('known once containerd 1.7.24 is installed')
  })

  test('one restart for several reasons, with the reason', () => {
    const machine = adoptedMachine()
    const planned = plan(machine, { ...FRESH, restrictOom: 'true' })
    const restarts = planned.changes.filter((change) => change.key === 'svc:containerd')
    expect(restarts.map((change) => [change.verb, change.why])).toEqual([
      ['restart containerd', 'it reads /etc/containerd/config.toml'],
    ])
  })

  test('file texts before and after, for the diff', () => {
    const edit = plan(adoptedMachine(), FRESH).changes.find((change) => change.key.startsWith('file:/etc/containerd'))
    expect(edit?.texts?.before).toContain('# by hand')
    expect(edit?.texts?.after).toContain('# BEGIN kcharm')
  })

  test('a blocked unit, with the reason, and that its peer goes on without it', () => {
    const planned = plan(bareMachine({ kvm: false }), FRESH)
    expect(planned.units.map((unit) => [unit.unit, unit.status])).toEqual([
      ['containerd/0', 'active'],
      ['kata/0', 'blocked'],
    ])
    expect(planned.units[1]?.message).toContain('/dev/kvm')
    expect(planned.changes.some((change) => change.unit === 'kata/0')).toBe(false)
  })

  test('who only looks asks a daemon for its health only where it was proved before: it may write itself a file then', () => {
    const machine = adoptedMachine()
    const asked = (wanted: Wanted, looksOnly: boolean) => {
      const observed = new Map<string, unknown>()
      expect(plan(machine, wanted, { observed, looksOnly })).toMatchObject({
        changes: [],
        units: [{ status: 'active' }],
      })
      return observed.has('containerd:cri')
    }
    const adopted: Wanted = { ...alone, restrictOom: 'false' }
    expect(asked(adopted, true)).toBe(false)
    expect(asked(adopted, false)).toBe(true)
    const ours: Wanted = { ...alone, restrictOom: 'true' }
    play(siteFor(machine, ours), machine)
    expect(asked(ours, true)).toBe(true)
  })
})
