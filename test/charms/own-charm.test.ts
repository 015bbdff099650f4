import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { charms as builtIn } from '../../charms/index.ts'
import { type Charm, isCharm } from '../../lib/lifecycle/charm.ts'
import { charmFaults } from '../../lib/lifecycle/charm-faults.ts'
import { recordsOf } from '../../lib/lifecycle/manifest.ts'
import type { Site } from '../../lib/lifecycle/unit.ts'
import { charmKey } from '../../lib/model/charm-of.ts'
import type { Application, Model } from '../../lib/model/declaration.ts'
import { unitsOf } from '../../lib/model/units.ts'
import { siteOf } from '../../lib/run/sites.ts'
import { judgeWait, type MemoryMachine, play, runStage } from '../../lib/testing/index.ts'
import { ROOT } from '../hygiene/sources.ts'
import { bareMachine, FRESH, modelOf } from '../lifecycle/pair.ts'

const FILE = join(ROOT, 'test/own-charm/crictl/index.js')
const { default: crictl } = (await import(FILE)) as { default: Charm }

const SOCKET = '/run/containerd/containerd.sock'
const bag = { runtime: 'containerd', version: '1.7.24', socket: `unix://${SOCKET}`, wired: [], loaded: [] }

test('the page about writing a charm goes through the very file', () => {
  const page = readFileSync(join(ROOT, 'docs/writing-a-charm.md'), 'utf8')
  const code = [...page.matchAll(/```js\n([^]*?)```/g)].map(([, block]) => block)
  expect(code.length).toBeGreaterThan(3)
  expect(code.join('\n')).toBe(readFileSync(FILE, 'utf8'))
})

test('the charms that come with kcharm, and the example, are what the engine can hold', () => {
  for (const charm of [crictl, ...Object.values(builtIn)]) {
    expect(isCharm(charm)).toBe(true)
    expect(charmFaults(charm)).toEqual([])
  }
  expect(charmFaults({ ...crictl, summary: '', waits: undefined as never })).toEqual([
    'not accepted (summary): expected a sentence',
    expect.stringContaining('waits'),
  ])
})

test('a stage as a value in and a value out', () => {
  const state = { peers: { runtime: [bag] }, config: { timeout: 5 } }
  expect(runStage(crictl, 'configuring', state).objects).toEqual([
    { kind: 'file', path: '/etc/crictl.yaml', text: `runtime-endpoint: unix://${SOCKET}\ntimeout: 5\ndebug: false\n` },
  ])
  expect(judgeWait(crictl, 'runtime', { peers: { runtime: [{ ...bag, version: '' }] } })).toBe(false)
  expect(judgeWait(crictl, 'runtime', state)).toBe(true)
})

/** Another revision of the folder: another text in the file, and another version if it is said. */
function revised(revision: string, more: { version?: string; timeout: string }): Charm {
  const { version = '1', timeout } = more
  return {
    ...crictl,
    revision,
    stages: {
      ...crictl.stages,
      configuring: () => ({ objects: [{ kind: 'file', path: '/etc/crictl.yaml', text: timeout }] }),
      proving: (context) => ({ ...crictl.stages['proving']?.(context), version }),
    },
    ...(crictl.upgrades ? { upgrades: { ...crictl.upgrades, version: () => version } } : {}),
  }
}

const one = revised('1'.repeat(16), { timeout: 'one' })
const likeOne = revised('2'.repeat(16), { timeout: 'like one' })
const two = revised('3'.repeat(16), { timeout: 'two', version: '2' })
const other: Charm = {
  ...two,
  chart: { ...two.chart, states: { ...two.chart.states, more: { kind: 'rest' } as never } },
}

function siteWith(machine: MemoryMachine, charm: Charm, all: Charm[] = [one, likeOne, two]): Site {
  const charms = { ...builtIn, ...Object.fromEntries(all.map((each) => [charmKey(each), each])) }
  const { applications, ...rest } = modelOf(FRESH)
  const app = { ...(applications['kata'] as Application), name: 'crictl', charm: charmKey(charm), bundleOptions: {} }
  const model: Model = {
    ...rest,
    applications: { containerd: applications['containerd'] as Application, crictl: app },
    relations: [
      {
        provider: { app: 'containerd', endpoint: 'handlers' },
        requirer: { app: 'crictl', endpoint: 'runtime' },
        life: 'present',
      },
    ],
  }
  const records = [...recordsOf(machine.lines).values()]
  const recorded = records.map((record) => ({ machine: 'm', unit: record.unit, app: record.app, charm: record.charm }))
  return siteOf('m', machine.lines, { model, charms, declared: unitsOf(model, { recorded, charms }), blobs: {} })
}

function machineWith(broken: { socket?: true } = {}): MemoryMachine {
  const machine = bareMachine()
  const { report } = machine.fixtures
  machine.fixtures.report = (key, at) => (key === `socket:${SOCKET}` ? broken.socket !== true : report(key, at))
  return machine
}

function recordIn(machine: MemoryMachine) {
  return recordsOf(machine.lines).get('crictl/0')
}

const text = (machine: MemoryMachine) => machine.texts.get('/etc/crictl.yaml')

test('another revision of a charm counts once it is wanted, and is said', () => {
  const machine = machineWith()
  play(siteWith(machine, one), machine)
  expect(recordIn(machine)).toMatchObject({ charm: charmKey(one), state: 'active', version: '1' })
  expect(play(siteWith(machine, one), machine).writes).toEqual([])
  const { events } = play(siteWith(machine, likeOne), machine)
  expect(events).toContainEqual({
    unit: 'crictl/0',
    kind: 'note',
    text: `its charm has changed: ${charmKey(likeOne)}, it was ${charmKey(one)}`,
    asks: false,
  })
  expect([text(machine), recordIn(machine)?.charm]).toEqual(['like one', charmKey(likeOne)])
})

test('a revision of another version that does not prove itself is put back with its charm, and so is one that did', () => {
  const broken: { socket?: true } = {}
  const machine = machineWith(broken)
  play(siteWith(machine, one), machine)
  const before = machine.net()
  broken.socket = true
  play(siteWith(machine, two), machine)
  delete broken.socket
  expect(machine.net()).toBe(before)
  expect(recordIn(machine)).toMatchObject({ charm: charmKey(one), version: '1', refused: { version: '2' } })
  play(siteWith(machine, two), machine)
  expect(text(machine)).toBe('one')

  const again = siteWith(machine, two)
  for (const unit of again.units) delete unit.refused
  play(again, machine)
  expect(recordIn(machine)).toMatchObject({ charm: charmKey(two), version: '2', kept: [{ charm: charmKey(one) }] })
  play(siteWith(machine, one), machine)
  expect([machine.net(), recordIn(machine)?.charm]).toEqual([before, charmKey(one)])
})

test('a revision that is not at hand any more is stood in for by the wanted one; other states are refused', () => {
  const machine = machineWith()
  play(siteWith(machine, one), machine)
  play(siteWith(machine, likeOne, [likeOne]), machine)
  expect(text(machine)).toBe('like one')
  expect(() => siteWith(machine, other, [likeOne, other])).toThrow('has other states than crictl@2222222222222222')
})
