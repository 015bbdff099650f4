import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import { isAtLeast, layoutOf, readArchiveName } from '../../../charms/kata/layout.ts'
import { isUntried, refusalOf, type ShimName, shimPaths } from '../../../charms/kata/shims.ts'
import { runStage } from '../../../lib/testing/index.ts'
import { archiveNamed, machine } from './machine.ts'

/** kata.md section 9: kata#13484, #13485 (a support matrix), #4650, #5507 (by CPU), #13797 (archive changes). */
describe('what a release has', () => {
  test.each([
    ['kata-static-2.2.0-x86_64.tar.xz', { kind: 'static', version: '2.2.0', arch: 'x86_64' }],
    ['kata-static-3.20.0-arm64.tar.xz', { kind: 'static', version: '3.20.0', arch: 'aarch64' }],
    ['kata-go-static-4.1.0-amd64.tar.zst', { kind: 'go', version: '4.1.0', arch: 'x86_64' }],
    ['kata-tools-static-4.1.0-amd64.tar.zst', { kind: 'tools', version: '4.1.0', arch: 'x86_64' }],
    ['mine.tar.gz', { kind: 'other' }],
  ])('%s says so itself', (name, said) => {
    expect(readArchiveName(name)).toEqual(said)
  })

  test.each([
    ['3.20.0', '3.3.0', true],
    ['3.3.0', '3.3.0', true],
    ['3.3.0', '3.20.0', false],
    ['4.0.0', '3.32.9', true],
  ])('%s is at least %s: %s', (version, least, truth) => {
    expect(isAtLeast(version, least)).toBe(truth)
  })

  test.each<[string, 'static' | 'go', ShimName, string, string]>([
    ['2.2.0', 'static', 'qemu', 'bin', 'kata-containers/configuration-qemu.toml'],
    ['3.0.2', 'static', 'dragonball', 'runtime-rs/bin', 'kata-containers/configuration-dragonball.toml'],
    ['3.20.0', 'static', 'dragonball', 'runtime-rs/bin', 'kata-containers/runtime-rs/configuration-dragonball.toml'],
    ['4.1.0', 'go', 'fc', 'bin', 'kata-containers/configuration-fc.toml'],
  ])('%s (%s): where %s and its configuration lie', (version, kind, shim, bin, config) => {
    expect(shimPaths('/p', layoutOf(version, kind), shim)).toEqual({
      binary: `/p/${bin}/containerd-shim-kata-v2`,
      config: `/p/share/defaults/${config}`,
    })
  })

  test.each<[string, 'static' | 'go', ShimName, string, RegExp]>([
    ['2.2.0', 'static', 'dragonball', 'x86_64', /it came with 3\.0\.0/],
    ['3.0.2', 'static', 'qemu-runtime-rs', 'x86_64', /it came with 3\.4\.0/],
    ['3.20.0', 'static', 'clh-runtime-rs', 'x86_64', /it came with 3\.30\.0/],
    ['3.32.0', 'static', 'cloud-hypervisor', 'x86_64', /3\.29\.0 was its last version/],
    ['4.1.0', 'static', 'qemu-cca', 'aarch64', /3\.32\.0 was its last version/],
    ['4.0.0', 'static', 'dragonball', 'x86_64', /no configuration for it \(kata-containers#13485\)/],
    ['3.20.0', 'static', 'clh', 's390x', /not built for s390x, only for x86_64/],
    ['3.20.0', 'static', 'qemu-se', 'x86_64', /not built for x86_64, only for s390x/],
    ['4.1.0', 'static', 'qemu', 'x86_64', /of the Go runtime, and kata-static-4\.1\.0 does not hold it/],
    ['3.1.0', 'static', 'qemu-nvidia-gpu', 'x86_64', /it came with 3\.2\.0/],
    ['3.20.0', 'static', 'qemu-nvidia-gpu-runtime-rs', 'x86_64', /it came with 3\.31\.0/],
    ['4.1.0', 'go', 'qemu-nvidia-gpu', 'aarch64', /not built for aarch64, only for x86_64/],
    ['4.1.0', 'static', 'qemu-nvidia-gpu-tdx', 'x86_64', /of the Go runtime/],
    ['4.1.0', 'go', 'remote', 'x86_64', /not offered: its virtual machines run elsewhere, and cloud-api-adaptor/],
    ['4.1.0', 'go', 'clh-azure', 'x86_64', /not offered: it is for Microsoft’s hypervisor/],
    ['4.1.0', 'static', 'openvmm-azure-runtime-rs', 'x86_64', /not offered: it is for Microsoft’s hypervisor/],
    ['3.20.0', 'static', 'stratovirt', 'x86_64', /not offered: releases hold its configuration, and no StratoVirt/],
    ['4.1.0', 'static', 'rs-fc', 'x86_64', /not offered: the Rust runtime panics with it \(kata-containers#13484\)/],
    ['4.1.0', 'go', 'qemu-runtime-rs', 'x86_64', /of the Rust runtime, and kata-go-static-4\.1\.0 does not hold it/],
  ])('%s (%s) has no %s on %s', (version, kind, shim, arch, why) => {
    expect(refusalOf(shim, layoutOf(version, kind), arch)?.why).toMatch(why)
  })

  test.each<[string, 'static' | 'go', ShimName, string]>([
    ['2.2.0', 'static', 'clh', 'x86_64'],
    ['3.20.0', 'static', 'cloud-hypervisor', 'aarch64'],
    ['3.32.0', 'static', 'clh-runtime-rs', 'x86_64'],
    ['4.0.0', 'static', 'qemu', 'ppc64le'],
    ['4.1.0', 'static', 'dragonball', 'x86_64'],
    ['4.1.0', 'go', 'qemu-se', 's390x'],
    ['3.20.0', 'static', 'qemu-nvidia-gpu-snp', 'x86_64'],
    ['4.1.0', 'static', 'qemu-nvidia-gpu-runtime-rs', 'aarch64'],
    ['4.0.0', 'static', 'qemu-nvidia-cpu', 'aarch64'],
  ])('%s (%s) has %s on %s', (version, kind, shim, arch) => {
    expect(refusalOf(shim, layoutOf(version, kind), arch)).toBeUndefined()
  })

  test('what is built for a CPU but not offered there upstream is known', () => {
    expect(isUntried('dragonball', 'aarch64')).toBe(true)
    expect(isUntried('dragonball', 'x86_64')).toBe(false)
  })
})

describe('preflight refuses what the archive or the options cannot give, all at once', () => {
  test.each<[string, string, Record<string, unknown>, RegExp]>([
    ['a shim of the other runtime', 'kata-static-4.1.0-amd64.tar.zst', {}, /give kata-go-static-4\.1\.0 instead/],
    ['an archive for another CPU', 'kata-static-3.20.0-arm64.tar.xz', {}, /is for aarch64, and this machine is x86_64/],
    ['an archive of tools', 'kata-tools-static-4.1.0-amd64.tar.zst', {}, /holds tools, and no runtime/],
    ['two handlers of one name', QEMU, { shims: ['qemu', 'clh'], handlers: { qemu: 'a', clh: 'a' } }, /two handlers/],
    ['an alias that a shim has', QEMU, { default: 'qemu', alias: 'kata-qemu' }, /two handlers are named kata-qemu/],
    ['a handler named runc', QEMU, { handlers: { qemu: 'runc' } }, /would take the place of runc/],
    ['a default that is no shim here', QEMU, { default: 'clh' }, /default is clh, which is not among the shims/],
    ['a name for no shim here', QEMU, { handlers: { clh: 'x' } }, /handlers names clh, which is not among the shims/],
    [
      'Firecracker on files (kata#8764)',
      QEMU,
      { shims: ['fc'] },
      /block snapshotter.*snapshotters: \{ fc: devmapper \}/,
    ],
  ])('%s', (_name, archive, config, words) => {
    const state = machine({}, { config: { preflight: 'warn', ...config }, resources: { kata: archiveNamed(archive) } })
    const { blocked } = runStage(kata, 'preflight', state)
    expect(blocked?.message).toMatch(words)
    expect(blocked?.hint).toBe('mend these, then deploy again')
  })

  test('with the faults of the machine', () => {
    const out = runStage(kata, 'preflight', machine({ tun: false }, { config: { default: 'clh' } }))
    expect(out.blocked?.message).toMatch(/default is clh.*; \/dev\/net\/tun: found no device/)
  })
})

describe('handlers', () => {
  test('names are free, several stand side by side, and one has an alias', () => {
    const config = { shims: ['qemu', 'clh'], handlers: { qemu: 'mykata' }, default: 'clh' }
    expect(handlers(config).map(({ name, runtimeType, configPath }) => [name, runtimeType, configPath])).toEqual([
      ['mykata', 'io.containerd.mykata.v2', `${CONFIGS}/configuration-qemu.toml`],
      ['kata-clh', 'io.containerd.kata-clh.v2', `${CONFIGS}/configuration-clh.toml`],
      ['kata', 'io.containerd.kata.v2', `${CONFIGS}/configuration-clh.toml`],
    ])
  })

  /** kata.md section 9: kata#9256 (the shim by path), kata#9157 (never the runtime's default), kata#6424 (Go with Go). */
  test('each says what reaches the shim, and nothing asks to be the runtime’s default', () => {
    const config = {
      shims: ['fc', 'dragonball'],
      snapshotters: { fc: 'devmapper' },
      pod_annotations: ['a.*'],
      container_annotations: ['b'],
      privileged_without_host_devices: false,
    }
    const shared = { podAnnotations: ['a.*'], containerAnnotations: ['b'], privilegedWithoutHostDevices: false }
    expect(handlers(config)).toEqual([
      {
        name: 'kata-fc',
        runtimeType: 'io.containerd.kata-fc.v2',
        runtimePath: '/opt/kata/bin/containerd-shim-kata-v2',
        configPath: `${CONFIGS}/configuration-fc.toml`,
        snapshotter: 'devmapper',
        ...shared,
      },
      {
        name: 'kata-dragonball',
        runtimeType: 'io.containerd.kata-dragonball.v2',
        runtimePath: '/opt/kata/runtime-rs/bin/containerd-shim-kata-v2',
        configPath: `${CONFIGS}/runtime-rs/configuration-dragonball.toml`,
        ...shared,
      },
    ])
  })
})

const QEMU = 'kata-static-3.20.0-amd64.tar.xz'
const CONFIGS = '/opt/kata/share/defaults/kata-containers'

function handlers(config: Record<string, unknown>): Record<string, unknown>[] {
  const out = runStage(kata, 'configuring', machine({}, { config }))
  return (out.publish?.['runtime'] as unknown as { handlers: Record<string, unknown>[] }).handlers
}
