import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import { edit, type EditObject } from '../../../lib/host/edit.ts'
import type { Reading } from '../../../lib/host/view.ts'
import { fileCell, runStage, type StageState } from '../../../lib/testing/index.ts'
import { CONFIG, handler, machine, mainAfter, objectsOf, withVersion } from './machine.ts'

const OLD = '# mine\ndisabled_plugins = ["cri"]\n[plugins.cri.containerd]\n  snapshotter = "native"\n'
const WORDS = { config: { migrate_config: true, enable_cri: true } }
const related = { peers: { handlers: [{ handlers: [handler] }] } }

function refusal(state: StageState): string | undefined {
  return runStage(containerd, 'inspecting', state).blocked?.message
}

test('each fault is refused until its word is given', () => {
  const old = { [`text:${CONFIG}`]: OLD }
  expect(refusal(machine(old))).toMatch(/has no `version` line/)
  expect(refusal(machine(old, { config: { migrate_config: true } }))).toMatch(/disables CRI/)
  expect(refusal(machine(old, WORDS))).toBeUndefined()
})

test.each(['cri', 'io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.runtime', 'io.containerd.cri.v1.images'])(
  'CRI disabled as %s',
  (name) => {
    const state = withVersion('2.3.7', `version = 3\ndisabled_plugins = ["${name}"]\n`)
    expect(refusal(machine(state))).toMatch(`disabled_plugins holds "${name}"`)
    expect(refusal(machine(state, { config: { enable_cri: true } }))).toBeUndefined()
  },
)

test('mending comes before the handlers, in place and with a drop-in', () => {
  const one = machine({ [`text:${CONFIG}`]: OLD }, { ...WORDS, ...related })
  const text = mainAfter(objectsOf('configuring', one), OLD)
  expect(text).toContain('# mine\nversion = 2 # kcharm\ndisabled_plugins = []\n')
  expect(text).toContain('runtimes.kata-qemu]')
  expect(mainAfter(objectsOf('configuring', one), text)).toBe(text)
  const two = machine(withVersion('2.1.4', OLD), { ...WORDS, ...related })
  expect(mainAfter(objectsOf('configuring', two), OLD)).toMatch(/version = 2 # kcharm\nimports = /)
})

test('the daemon is told once that it reads the file', () => {
  const objects = objectsOf('configuring', machine({ [`text:${CONFIG}`]: OLD }, WORDS))
  const service = objects.find((each) => each.kind === 'service')
  expect(service?.reads.map(({ key }) => key)).toEqual([`file:${CONFIG}`, 'pkg:containerd'])
})

test('a driver that wakes by the migration is not woken under running containers', () => {
  const sleeping = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\n  SystemdCgroup = true\n'
  const state = { [`text:${CONFIG}`]: sleeping, 'containerd:tasks': 1 }
  expect(refusal(machine(state, WORDS))).toMatch(/cgroup driver of runc would change/)
})

describe('the plan tells what the diff does not', () => {
  function whyOf(text: string, id: string): string | undefined {
    const state = machine({ [`text:${CONFIG}`]: text }, WORDS)
    const found = objectsOf('configuring', state).find(
      (each): each is EditObject => each.kind === 'edit' && each.id === id,
    )
    if (found === undefined) throw new Error(`no edit ${id}`)
    const peek = <T>({ key }: Reading<T>) => (key.startsWith('text:') ? text : fileCell(text)) as T
    return edit.plan(found, { read: peek, peek, touched: () => false })?.why
  }

  test('which settings get effect and which are lost', () => {
    const text = '[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "p"\n[plugins.odd]\n  x = 1\n'
    expect(whyOf(text, 'migrate')).toBe(
      'from schema 1 to 2; these get effect: plugins."io.containerd.grpc.v1.cri".sandbox_image; these are lost: plugins.odd.x',
    )
    expect(whyOf('[plugins.cri]\n  x = 1\n', 'migrate')).toBe(
      'from schema 1 to 2; no setting gets effect by that; none is lost',
    )
    expect(whyOf('version = 2\n', 'migrate')).toBeUndefined()
  })

  test('that CRI is enabled', () => {
    expect(whyOf('version = 2\ndisabled_plugins = ["cri"]\n', 'enable-cri')).toBe('enables CRI')
  })
})

test('other writers of the file are named in the status', () => {
  const text = '# Ansible managed\nversion = 2\n'
  expect(runStage(containerd, 'proving', machine({ [`text:${CONFIG}`]: text })).message).toBe(
    'containerd 1.7.24; /etc/containerd/config.toml is also written by Ansible',
  )
})
