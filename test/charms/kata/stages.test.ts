import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import type { KvmMachine } from '../../../charms/kata/kvm-machine.ts'
import type { Fitness } from '../../../charms/kata/fitness.ts'
import type { RuntimeHandler } from '../../../lib/model/interfaces.ts'
import { judgeWait, runStage } from '../../../lib/testing/index.ts'
import { blob, fit, machine } from './machine.ts'

describe('preflight', () => {
  test('a fit machine passes', () => {
    expect(runStage(kata, 'preflight', machine())).not.toHaveProperty('blocked')
  })

  test.each<[string, Partial<Fitness>, RegExp]>([
    ['another architecture', { arch: 'riscv64' }, /CPU architecture: found riscv64, needs x86_64, aarch64/],
    ['no virtualization', { virtualization: '' }, /CPU virtualization: found neither vmx nor svm.*in the firmware/],
    ['no nested virtualization', { virtualization: '', guest: true }, /switch nested virtualization on/],
    ['no /dev/kvm', { kvm: 'absent' }, /\/dev\/kvm: found no device, needs read and write \(modprobe/],
    ['a /dev/kvm that is held', { kvm: 'refused' }, /a device that cannot be opened.*VirtualBox/],
    [
      'no vsock',
      { modules: { vhost_net: 'loaded', vhost_vsock: 'missing' } },
      /kernel module vhost_vsock: found neither/,
    ],
    [
      'no vhost_net',
      { modules: { vhost_net: 'missing', vhost_vsock: 'loaded' } },
      /kernel module vhost_net: found neither/,
    ],
    ['a CPU that is too old', { lacks: ['sse4_1'] }, /CPU flag sse4_1: found not set.*a newer CPU/],
    [
      'a module that a file forbids (kata#1327)',
      { modules: { vhost_net: 'loaded', vhost_vsock: 'blocked' }, blockers: { vhost_vsock: '/etc/modprobe.d/x.conf' } },
      /vhost_vsock: found forbidden by \/etc\/modprobe\.d\/x\.conf.*take its line out/,
    ],
    [
      'a kernel that takes no module any more',
      { modules: { vhost_net: 'sealed', vhost_vsock: 'loaded' } },
      /vhost_net: found that no module can be loaded.*load it at boot/,
    ],
    ['a container as host (kata#28)', { container: 'docker' }, /container: found docker.*runs this container/],
    ['a prefix without exec', { noexec: true }, /\/opt runs programs: found mounted noexec.*remount,exec/],
    ['no tun', { tun: false }, /\/dev\/net\/tun: found no device/],
    ['a read-only prefix', { writable: false }, /\/opt is writable: found read-only/],
    ['a full disk', { short: 2048 }, /space in \/opt: found 2 MiB, needs \d+ MiB/],
    ['no xz', { unpacker: false }, /xz: found no such program.*apt-get install xz-utils/],
  ])('%s blocks', (_name, more, words) => {
    expect(runStage(kata, 'preflight', machine(more)).blocked?.message).toMatch(words)
  })

  test.each<[string, KvmMachine, RegExp]>([
    ['another hypervisor (runtime#2018)', 'busy', /\/dev\/kvm: found that another hypervisor uses.*vboxdrv/],
    ['a /dev/kvm that makes no machine (kata#1486)', 'broken', /makes no virtual machine.*dmesg/],
  ])('%s is found before anything is installed, and asked only then', (_name, made, words) => {
    const [kvm] = runStage(kata, 'preflight', machine()).checks ?? []
    expect(kvm?.verdict(made)).toMatch(words)
    expect(kvm?.verdict('made')).toBeUndefined()
    expect(kvm?.verdict('unasked')).toBeUndefined()
    expect(kvm?.reading.lasting).toBe('effect')
    expect(runStage(kata, 'preflight', machine({}, { config: { preflight: 'warn' } })).checks).toEqual([])
    expect(runStage(kata, 'preflight', machine({}, { holds: ['tree:/opt/kata-3.20.0'] })).checks).toEqual([])
  })

  test('all faults are named at once', () => {
    const out = runStage(kata, 'preflight', machine({ kvm: 'absent', tun: false, short: 1 }))
    for (const word of ['/dev/kvm', '/dev/net/tun', 'space in /opt']) expect(out.blocked?.message).toContain(word)
  })

  test('`warn` lets a machine without KVM through, but not one without space', () => {
    const config = { preflight: 'warn' }
    expect(runStage(kata, 'preflight', machine({ kvm: 'absent' }, { config })).blocked).toBeUndefined()
    expect(runStage(kata, 'preflight', machine({ short: 1 }, { config })).blocked?.message).toContain('space')
  })

  test('no archive, an archive without a version', () => {
    expect(runStage(kata, 'preflight', { observed: {} }).blocked?.message).toContain('has no file')
    const nameless = { resources: { kata: { ...blob, name: 'kata.tar.xz' } } }
    expect(runStage(kata, 'preflight', nameless).blocked?.hint).toContain('option version')
  })

  /** kata.md section 9: kata#12761 (a runtime that restarts looks for the shims of living sandboxes where they were). */
  test('while sandboxes live, Kata does not move; an option that leaves it where it is may change', () => {
    const runtime = runStage(kata, 'configuring', machine()).publish?.['runtime']
    const used = machine({}, { observed: { 'kata:sandboxes': ['abc'] }, published: { runtime } })
    const observed = {
      ...used.observed,
      'kata:fitness:/srv/kata:kata-static-3.20.0-amd64.tar.xz:70656': fit,
      'link:/srv/kata': null,
      'kata:shipped:/srv/kata-3.20.0/share/defaults/kata-containers/configuration-qemu.toml': '',
    }
    const moved = { ...used, config: { prefix: '/srv/kata' }, observed }
    expect(runStage(kata, 'preflight', moved).blocked).toEqual({
      message: '1 sandboxes still live under its handlers: abc',
      hint: 'end the pods that run in them, then deploy again',
    })
    expect(
      runStage(kata, 'preflight', { ...moved, observed: { ...observed, 'kata:sandboxes': [] } }),
    ).not.toHaveProperty('blocked')
    expect(runStage(kata, 'preflight', { ...used, config: { shims: ['qemu', 'clh'] } })).not.toHaveProperty('blocked')
  })

  test('a foreign /opt/kata is named and left alone', () => {
    const none = { 'kata:found:/opt/kata': { katas: [], marks: [], entries: [] } }
    const folder = machine({}, { observed: { 'link:/opt/kata': { other: 'directory' }, ...none } })
    expect(runStage(kata, 'preflight', folder).blocked?.message).toContain('/opt/kata is a directory')
    const link = machine({}, { observed: { 'link:/opt/kata': { target: '/srv/kata' }, ...none } })
    expect(runStage(kata, 'preflight', link).blocked?.message).toContain('a link to /srv/kata')
  })
})

describe('on the way in', () => {
  test('the release lies beside other versions, shown by the link, and its shims must answer', () => {
    const out = runStage(kata, 'unpacking', machine())
    expect(out.objects).toEqual([
      { kind: 'archive', path: '/opt/kata-3.20.0', blob, prefix: 'opt/kata' },
      { kind: 'link', path: '/opt/kata', target: '/opt/kata-3.20.0' },
    ])
    const [shim] = out.checks ?? []
    expect(shim?.verdict({ version: '3.20.0', config: true })).toBeUndefined()
    expect(shim?.verdict({ config: true })).toContain('does not answer --version')
    expect(shim?.verdict({ version: '3.19.0', config: true })).toContain('version 3.19.0, expected 3.20.0')
    expect(shim?.verdict({ version: '3.20.0', config: false })).toContain('missing from what was installed')
  })

  test('the handlers carry shim and configuration; a Rust shim has its own family', () => {
    const out = runStage(kata, 'configuring', machine({}, { config: { shims: ['qemu', 'dragonball'] } }))
    const published = out.publish?.['runtime'] as unknown as { handlers: { runtimePath: string; configPath: string }[] }
    expect(published.handlers.map((each) => [each.runtimePath, each.configPath])).toEqual([
      ['/opt/kata/bin/containerd-shim-kata-v2', '/opt/kata/share/defaults/kata-containers/configuration-qemu.toml'],
      [
        '/opt/kata/runtime-rs/bin/containerd-shim-kata-v2',
        '/opt/kata/share/defaults/kata-containers/runtime-rs/configuration-dragonball.toml',
      ],
    ])
  })

  test('modules that the machine cannot have are not asked for', () => {
    const out = runStage(kata, 'configuring', machine({ modules: { vhost_vsock: 'available', vhost_net: 'blocked' } }))
    expect(out.objects?.map((object) => object.kind)).toEqual(['kernel-module', 'file'])
  })

  test('the status names what the preflight only warned of', () => {
    const out = runStage(kata, 'proving', machine({ kvm: 'absent' }, { config: { preflight: 'warn' } }))
    expect(out.message).toBe('Kata 3.20.0, handlers kata-qemu; preflight warns: /dev/kvm')
  })
})

describe('waits and the way out', () => {
  const handlersFor = (config: Record<string, unknown>) => {
    const published = runStage(kata, 'configuring', machine({}, { config })).publish?.['runtime']
    return published as unknown as { handlers: RuntimeHandler[] }
  }
  const mine = { published: { runtime: handlersFor({}) } }
  const bag = {
    runtime: 'containerd',
    version: '1.7.24',
    socket: 'unix:///x',
    wired: ['kata-qemu'],
    loaded: mine.published.runtime.handlers,
  }

  test('loaded only when the runtime has every handler', () => {
    expect(judgeWait(kata, 'loaded', { ...mine, peers: { runtime: [bag] } })).toBe(true)
    expect(judgeWait(kata, 'loaded', { ...mine, peers: { runtime: [{ ...bag, loaded: [] }] } })).toBe(false)
    const older = handlersFor({ pod_annotations: ['x'] }).handlers
    expect(judgeWait(kata, 'loaded', { ...mine, peers: { runtime: [{ ...bag, loaded: older }] } })).toBe(false)
    expect(judgeWait(kata, 'loaded', { ...mine, peers: { runtime: [undefined] } })).toBe(false)
    expect(judgeWait(kata, 'loaded', { ...mine, peers: {} })).toBe(false)
  })

  test('unwired only when no handler may stand in a configuration', () => {
    expect(judgeWait(kata, 'unwired', { peers: { runtime: [{ ...bag, loaded: [] }] } })).toBe(false)
    expect(judgeWait(kata, 'unwired', { peers: { runtime: [{ ...bag, wired: [], loaded: [] }] } })).toBe(true)
    expect(judgeWait(kata, 'unwired', { peers: {} })).toBe(true)
  })

  test('sandboxes keep the handlers and the files', () => {
    const used = machine({}, { observed: { 'kata:sandboxes': ['abc'] } })
    for (const stage of ['unwiring', 'releasing']) {
      expect(runStage(kata, stage, used).blocked?.message).toBe('1 sandboxes still live under its handlers: abc')
    }
    expect(runStage(kata, 'unwiring', machine()).publish).toEqual({ runtime: { handlers: [] } })
  })
})
