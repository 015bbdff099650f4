import { describe, expect, test } from 'vitest'
import type { Ask } from '../../lib/lifecycle/ask.ts'
import { holdings } from '../../lib/lifecycle/manifest.ts'
import { sha256 } from '../../lib/model/json.ts'
import { planSite, type SitePlan } from '../../lib/plan/plan-site.ts'
import { copySite } from '../../lib/run/sites.ts'
import type { MemoryMachine } from '../../lib/testing/index.ts'
import { Crash, play } from '../../lib/testing/index.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from './pair.ts'

const CONFIG = '/etc/containerd/config.toml'
const OWN = '/opt/kata-config/qemu/config.d/40-memory.toml'
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

  test.each([1, 2, 3])(
    'edit %i of one file is refused, and a hand was there: the edits before it go, the hand’s line stays',
    (nth) => {
      const machine = adoptedMachine()
      run(machine, FRESH)
      const before = machine.texts.get(CONFIG)
      let edits = 0
      const refused = (_: number, ask: Ask): boolean => {
        if (ask.do !== 'write' || ask.change.key !== `file:${CONFIG}` || ++edits !== nth) return false
        machine.putFile(CONFIG, `# by a hand since\n${machine.texts.get(CONFIG)}`)
        return true
      }
      run(machine, { ...FRESH, containerdVersion: '2.0.10' }, refused)
      expect(edits).toBeGreaterThanOrEqual(nth)
      expect(machine.texts.get(CONFIG)).toBe(`# by a hand since\n${before}`)
    },
  )

  test('a step that was cut off behind its write is taken out, also where a hand was there since', () => {
    const machine = adoptedMachine()
    const before = machine.texts.get(CONFIG)
    run(machine, FRESH)
    const edit = machine.lines.find((line) => line.t === 'intent' && line.key === `file:${CONFIG}`)
    machine.lines = machine.lines.filter((line) => line.t !== 'done' || edit?.t !== 'intent' || line.n !== edit.n)
    expect(
      holdings(machine.lines, 'containerd/0').find(({ key }) => key === `file:${CONFIG}`)?.stretches[0]?.open,
    ).toBe(true)
    machine.putFile(CONFIG, `# by a hand since\n${machine.texts.get(CONFIG)}`)
    run(machine, gone)
    expect(machine.texts.get(CONFIG)).toBe(`# by a hand since\n${before}`)
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

describe('what a hand made of a thing that is wholly ours', () => {
  const NEWER: Wanted = { ...FRESH, kataVersion: '4.0.0', memory: 512 }

  function upgraded(): MemoryMachine {
    const machine = adoptedMachine()
    run(machine, FRESH)
    run(machine, NEWER)
    return machine
  }

  const whys = (machine: MemoryMachine, wanted: Wanted) =>
    planned(machine, wanted).changes.flatMap(({ verb, why }) => (why?.startsWith('not as') ? [`${verb}: ${why}`] : []))

  test('is named in the plan of going back, and a copy of it stays', () => {
    const machine = upgraded()
    const text = `${machine.texts.get(OWN)}# by a hand\n`
    machine.putFile(OWN, text)
    machine.cells.set('link:/opt/kata', { target: '/opt/mine' })
    machine.cells.set('tree:/opt/kata-4.0.0', { archive: 'x', state: 'damaged' })
    const copy = `a copy stays in /var/lib/kcharm/backups/${sha256(text)} as long as kcharm has anything on the machine`
    expect(whys(machine, FRESH)).toEqual([
      `remove ${OWN}: not as kcharm left it: what somebody else wrote there goes; ${copy}`,
      'put back /opt/kata: not as kcharm left it: somebody else has pointed it to /opt/mine',
      'remove /opt/kata-4.0.0: not as kcharm left it: its files were changed since it was unpacked, and go with it',
    ])
    run(machine, FRESH)
    expect(machine.texts.has(OWN)).toBe(false)
    expect(machine.backups.get(sha256(text))).toBe(text)
  })

  test('is said while a run takes back what did not prove itself', () => {
    const machine = adoptedMachine()
    run(machine, FRESH)
    const byHand = (_: number, ask: Ask) => {
      const now = ask.do === 'check' && ask.unit === 'kata/0' && machine.texts.has(OWN)
      if (now) machine.putFile(OWN, 'mine\n')
      return now
    }
    const { site, events } = run(machine, NEWER, byHand)
    expect(site.units.find(({ app }) => app === 'kata')).toMatchObject({ state: 'held', version: '3.20.0' })
    expect(events).toContainEqual(
      expect.objectContaining({ verb: `remove ${OWN}`, why: expect.stringContaining(sha256('mine\n')) as string }),
    )
    expect(machine.backups.get(sha256('mine\n'))).toBe('mine\n')
  })

  test('also in the plan of a removal; what is gone already is nobody’s loss', () => {
    const machine = upgraded()
    machine.putFile(OWN, 'mine\n')
    expect(whys(machine, gone)).toEqual([expect.stringContaining(`remove ${OWN}: not as kcharm left it`)])
    machine.texts.delete(OWN)
    machine.cells.delete(`file:${OWN}`)
    expect(whys(machine, gone)).toEqual([])
  })

  test('our own doing is not laid to anybody, wherever the run was cut off', () => {
    const machine = upgraded()
    const again = { ...NEWER, memory: 1024 }
    expect(whys(machine, FRESH)).toEqual([])
    for (let cut = 0; ; cut++) {
      const torn = machine.clone()
      const crash = (at: number) => {
        if (at === cut) throw new Crash('killed')
      }
      if (!crashes(() => play(siteFor(torn, again), torn, { at: crash }))) return
      expect(whys(torn, FRESH), `cut at ${cut}`).toEqual([])
    }
  })

  test('an edit that can no longer be taken out is named in the plan as well', () => {
    const machine = adoptedMachine()
    run(machine, FRESH)
    run(machine, { ...FRESH, containerdVersion: '1.7.28', restrictOom: 'true' })
    const text = machine.texts.get(CONFIG) ?? ''
    machine.putFile(CONFIG, text.replace(/^(.*restrict_oom.*)$/m, '$1 # mine'))
    expect(planned(machine, { ...FRESH, containerdVersion: '1.7.24' }).notes).toContainEqual({
      unit: 'containerd/0',
      text: expect.stringMatching(/^kept file:\/etc\/containerd\/config.toml: it was edited by a hand/) as string,
      asks: false,
      kept: true,
    })
  })
})

function planned(machine: MemoryMachine, wanted: Wanted): SitePlan {
  const seen = new Map<string, unknown>()
  const steps = planSite(copySite(siteFor(machine, wanted)), seen)
  let next = steps.next()
  while (!next.done) {
    for (const { key } of next.value) seen.set(key, machine.value(key))
    next = steps.next()
  }
  return next.value.plan
}

function crashes(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch (thrown) {
    if (thrown instanceof Crash) return true
    throw thrown
  }
}

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
