import { describe, expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import type { Key, Reading } from '../../lib/host/view.ts'
import type { Charm, Stage } from '../../lib/lifecycle/charm.ts'
import type { Site } from '../../lib/lifecycle/unit.ts'
import type { Endpoints } from '../../lib/model/endpoint.ts'
import { canonical } from '../../lib/model/json.ts'
import { type Classes, planAlike } from '../../lib/plan/plan-alike.ts'
import { type Planned, planSite } from '../../lib/plan/plan-site.ts'
import { copySite } from '../../lib/run/sites.ts'
import type { MemoryMachine } from '../../lib/testing/index.ts'
import { adoptedMachine, bareMachine, FRESH, siteFor, type Wanted } from '../lifecycle/pair.ts'

type Seen = Map<Key, unknown>

/** The machine's site, as that of another machine whose units have this number. */
function siteOf(machine: MemoryMachine, wanted: Wanted, number: number, use: Record<string, Charm> = charms): Site {
  const site = copySite(siteFor(machine, wanted, use))
  const named = (name: string) => name.replace(/\d+$/, String(number))
  const units = site.units.map((unit) => ({
    ...unit,
    name: named(unit.name),
    links: unit.links.map((link) => ({ ...link, peer: named(link.peer) })),
  }))
  return { ...site, machine: `m${number}`, units }
}

function follow(machine: MemoryMachine, seen: Seen, steps: Generator<Reading<unknown>[], Planned, void>): Planned {
  let next = steps.next()
  while (!next.done) {
    for (const { key } of next.value) if (!seen.has(key)) seen.set(key, machine.value(key))
    next = steps.next()
  }
  return next.value
}

function alone(machine: MemoryMachine, site: Site, seen: Seen = new Map()): Planned {
  return follow(machine, seen, planSite(site, seen))
}

function alike(machine: MemoryMachine, site: Site, classes: Classes, seen: Seen = new Map()): Planned {
  return follow(machine, seen, planAlike(site, { classes, observed: seen, class: () => canonical([...seen]) }))
}

/** All that a plan says, and all that it has asked. */
function told({ plan, readings }: Planned): object {
  return { plan, asked: [...readings].map(([key, { script }]) => [key, script]) }
}

/** The charms, with a list of the stages that were evaluated. */
function watched(): { use: Record<string, Charm>; stages: string[] } {
  const stages: string[] = []
  const watch = (charm: Charm): Charm => {
    const each = Object.entries(charm.stages).map(([name, stage]) => {
      const watching: Stage<unknown, Endpoints> = (context) => {
        stages.push(name)
        return stage(context)
      }
      return [name, watching] as const
    })
    return { ...charm, stages: Object.fromEntries(each) }
  }
  return { use: Object.fromEntries(Object.entries(charms).map(([name, charm]) => [name, watch(charm)])), stages }
}

const MACHINES: [string, () => MemoryMachine, Wanted][] = [
  ['a bare machine', bareMachine, FRESH],
  ['containerd was there', adoptedMachine, FRESH],
  ['no KVM', () => bareMachine({ kvm: false }), FRESH],
  ['containerd alone', bareMachine, { ...FRESH, related: false }],
  ['a setting of Kata', bareMachine, { ...FRESH, memory: 512 }],
]

describe('machines that are alike', () => {
  test.each(MACHINES)('have the plan that each would have alone: %s', (_name, make, wanted) => {
    const classes: Classes = new Map()
    for (const number of [0, 7, 12]) {
      const shared = alike(make(), siteOf(make(), wanted, number), classes)
      expect(told(shared)).toEqual(told(alone(make(), siteOf(make(), wanted, number))))
      expect(shared.plan.units[0]?.unit).toBe(`containerd/${number}`)
    }
  })

  test('are planned once', () => {
    const classes: Classes = new Map()
    const { use, stages } = watched()
    alike(bareMachine(), siteOf(bareMachine(), FRESH, 0, use), classes)
    expect(stages).toContain('configuring')
    stages.length = 0
    const { plan } = alike(bareMachine(), siteOf(bareMachine(), FRESH, 1, use), classes)
    expect(stages).toEqual([])
    expect(plan.changes.length).toBeGreaterThan(0)
  })
})

describe('a machine that differs', () => {
  test('in any one reading has a plan of its own', () => {
    const plain: Seen = new Map()
    const classes: Classes = new Map()
    alike(bareMachine(), siteOf(bareMachine(), FRESH, 0), classes, plain)
    const loaded = bareMachine()
    loaded.cells.set('mod:vhost_net', { loaded: true })
    const others = [adoptedMachine(), bareMachine({ kvm: false }), loaded]
    const differing = others.flatMap((machine) =>
      [...plain.keys()]
        .filter((key) => canonical(machine.value(key)) !== canonical(plain.get(key)))
        .map((key) => ({ key, value: machine.value(key) })),
    )
    const fitness = 'kata:fitness:/opt/kata:kata-static-3.20.0-amd64.tar.xz:65541'
    const keys = ['found-svc:containerd', fitness, 'mod:vhost_net', 'pkg:containerd']
    expect(differing.map(({ key }) => key).sort()).toEqual(keys)
    for (const { key, value } of differing) {
      const { use, stages } = watched()
      const site = () => siteOf(bareMachine(), FRESH, 1, use)
      const shared = alike(bareMachine(), site(), classes, new Map([...plain, [key, value]]))
      expect(stages, key).not.toEqual([])
      expect(told(shared), key).toEqual(told(alone(bareMachine(), site(), new Map([...plain, [key, value]]))))
    }
  })

  test('has one too where a stage asks for the name of its unit, or of a related one', () => {
    const asks = (name: string): Stage<unknown, Endpoints> => {
      return ({ unit, peers }) => ({ message: name === 'kata' ? String(peers('runtime')[0]?.unit) : unit })
    }
    for (const name of ['containerd', 'kata']) {
      const charm = charms[name] as Charm
      const [state = ''] = Object.keys(charm.stages).filter((each) => each === 'proving')
      const use = { ...charms, [name]: { ...charm, stages: { ...charm.stages, [state]: asks(name) } } }
      const classes: Classes = new Map()
      for (const number of [0, 1]) {
        const { plan } = alike(bareMachine(), siteOf(bareMachine(), FRESH, number, use), classes)
        const unit = plan.units.find(({ app }) => app === name)
        expect(unit?.message).toBe(`containerd/${number}`)
      }
    }
  })
})
