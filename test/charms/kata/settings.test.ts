import { parse } from '@iarna/toml'
import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import { resolve } from '../../../lib/host/kind.ts'
import type { HostObject } from '../../../lib/host/objects.ts'
import { renderKataConfig } from '../../../lib/lab/archives/stand-in-config.ts'
import { later, runStage } from '../../../lib/testing/index.ts'
import { archiveNamed, machine } from './machine.ts'

const SHIPPED = '/opt/kata-3.32.0/share/defaults/kata-containers/configuration-qemu.toml'
const OWN = '/opt/kata-config/qemu'

describe('settings of a shim', () => {
  test('without any, its handler names the shipped file and nothing is written', () => {
    expect(files({ config: {} })).toEqual({})
    expect(configPath({ config: {} })).toBe('/opt/kata/share/defaults/kata-containers/configuration-qemu.toml')
  })

  /** kata.md section 9: kata#13828, #13843 (options turned off leave nothing): one file for each concern, none for what is off. */
  test('lie in files of their own beside a copy, which the handler names', () => {
    const config = { settings: { qemu: { 'hypervisor.qemu.default_vcpus': 2 } }, memory: 512, debug_console: true }
    expect(files({ config })).toEqual({
      [`${OWN}/configuration-qemu.toml`]: SPELLED,
      [`${OWN}/config.d/20-debug.toml`]: '# Written by kcharm.\n[agent.kata]\ndebug_console_enabled = true\n',
      [`${OWN}/config.d/40-memory.toml`]: '# Written by kcharm.\n[hypervisor.qemu]\ndefault_memory = 512\n',
      [`${OWN}/config.d/50-settings.toml`]: '# Written by kcharm.\n[hypervisor.qemu]\ndefault_vcpus = 2\n',
    })
    expect(configPath({ config })).toBe(`${OWN}/configuration-qemu.toml`)
    expect(Object.keys(files({ config: { memory: 512 } }))).toEqual([
      `${OWN}/configuration-qemu.toml`,
      `${OWN}/config.d/40-memory.toml`,
    ])
  })

  test('the debug option speaks of hypervisor, agent and runtime', () => {
    const drop = files({ config: { debug: true } })[`${OWN}/config.d/20-debug.toml`] ?? ''
    expect(parse(drop)).toEqual({
      hypervisor: { qemu: { enable_debug: true } },
      agent: { kata: { enable_debug: true } },
      runtime: { enable_debug: true },
    })
  })

  /** kata.md section 9: kata#9422, #6720 (proxies of the guest are kernel parameters). */
  test('kernel parameters are added to the shipped ones, once each, also to those that are set', () => {
    const base = 'cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1'
    const params = 'agent.https_proxy=http://proxy:3128 cgroup_no_v1=all'
    expect(kernelParams({ kernel_params: params })).toBe(`${base} agent.https_proxy=http://proxy:3128`)
    const settings = { qemu: { 'hypervisor.qemu.kernel_params': 'quiet' } }
    expect(kernelParams({ kernel_params: 'x=1', settings })).toBe('quiet x=1')
    expect(files({ config: { kernel_params: 'x=1', settings } })[`${OWN}/config.d/50-settings.toml`]).not.toContain(
      'quiet',
    )
  })

  test('a runtime that reads no config.d gets one complete file, with every comment kept', () => {
    const config = { memory: 512, debug_console: true, settings: { qemu: { 'agent.kata.dial_timeout': 90 } } }
    const shipped = renderKataConfig('qemu', { machine: 'x86_64', rust: false, style: 'commented' })
    const written = files({ config, archive: 'kata-static-2.2.0-x86_64.tar.xz', shipped })
    expect(Object.keys(written)).toEqual([`${OWN}/configuration-qemu.toml`])
    const text = written[`${OWN}/configuration-qemu.toml`] ?? ''
    expect(text).toContain('# If enabled, the agent says more:\n')
    expect(parse(text)).toMatchObject({
      hypervisor: { qemu: { default_memory: 512, default_vcpus: 1 } },
      agent: { kata: { debug_console_enabled: true, dial_timeout: 90 } },
    })
  })

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a key that the shipped file does not know',
      { 'hypervisor.qemu.defualt_memory': 1 },
      /knows no hypervisor\.qemu\.defualt_memory \(did you mean hypervisor\.qemu\.default_memory\?\)/,
    ],
    [
      'a table that it does not have',
      { 'hypervisor.clh.default_memory': 1 },
      /knows no hypervisor\.clh\.default_memory/,
    ],
    [
      'a value of another type',
      { 'hypervisor.qemu.default_memory': 'much' },
      /default_memory is a text \(configuration-qemu\.toml has a number there\)/,
    ],
    [
      'an initrd beside the shipped image',
      { 'hypervisor.qemu.initrd': '/i' },
      /image and hypervisor\.qemu\.initrd exclude each other \(set hypervisor\.qemu\.image to "" as well\)/,
    ],
  ])('%s is refused before anything is touched, where the version is unpacked', (_name, mine, words) => {
    const state = given({ config: { settings: { qemu: mine } } })
    expect(runStage(kata, 'preflight', state).blocked?.message).toMatch(words)
    const first = given({ config: { settings: { qemu: mine } }, shipped: '' })
    expect(runStage(kata, 'preflight', first).blocked).toBeUndefined()
    expect(() => texts(runStage(kata, 'configuring', state).objects)).toThrow(/^settings: /)
  })

  test('an initrd instead of the image is taken', () => {
    const mine = { 'hypervisor.qemu.initrd': '/i', 'hypervisor.qemu.image': '' }
    const state = given({ config: { settings: { qemu: mine } } })
    expect(runStage(kata, 'preflight', state).blocked).toBeUndefined()
  })

  test('a key that stands there only as a comment is known', () => {
    const state = given({ config: { settings: { qemu: { 'agent.kata.trace_mode': 'dynamic' } } } })
    expect(runStage(kata, 'preflight', state).blocked).toBeUndefined()
  })

  test('a configuration that the archive lacks fails by name; one that is not TOML too', () => {
    expect(() => files({ config: { memory: 512 }, shipped: '' })).toThrow(`${SHIPPED} is missing from the archive`)
    expect(() => files({ config: { memory: 512 }, shipped: '[x' })).toThrow(`${SHIPPED} is not valid TOML`)
  })

  test('before the archive is unpacked the plan knows the files, not what they will hold', () => {
    const state = given({ config: { memory: 512 } })
    const out = runStage(kata, 'configuring', {
      ...state,
      observed: { ...state.observed, [`kata:shipped:${SHIPPED}`]: later('known once it is unpacked') },
    })
    expect(() => texts(out.objects)).toThrow('known once it is unpacked')
  })

  test('a change says that it is for new sandboxes; the first writing has nobody to tell', () => {
    const why = (holds: string[]) => {
      const out = runStage(kata, 'configuring', { ...given({ config: { memory: 512 } }), holds })
      return (out.objects ?? []).flatMap((object) =>
        object.kind === 'file' && object.path.startsWith(OWN) ? [object.why] : [],
      )
    }
    const words = 'for new sandboxes; those that run keep what they started with'
    expect(why([`file:${OWN}/configuration-qemu.toml`])).toEqual([words, words])
    expect(why([])).toEqual([undefined, undefined])
  })
})

/** kata.md section 9: siderolabs/extensions#24, k0sctl#189 (a read-only /opt: everything at another place). */
describe('another prefix', () => {
  const config = { prefix: '/srv/kata' }
  const written = files({ config, at: '/srv/kata-3.32.0' })

  test('every path of the configuration moves along', () => {
    const drop = parse(written['/srv/kata-config/qemu/config.d/10-prefix.toml'] ?? '')
    expect(drop).toEqual({
      hypervisor: {
        qemu: {
          path: '/srv/kata-config/qemu/qemu',
          kernel: '/srv/kata/share/kata-containers/vmlinux.container',
          image: '/srv/kata/share/kata-containers/kata-containers.img',
          virtio_fs_daemon: '/srv/kata/libexec/virtiofsd',
        },
      },
    })
  })

  test('the paths that the runtime allows move with the program (kata.md 2.3)', () => {
    const valid = 'valid_hypervisor_paths = ["/opt/kata/bin/qemu-system-x86_64"]\n'
    const shipped = SPELLED.replace('default_vcpus', `${valid}default_vcpus`)
    const text =
      files({ config, at: '/srv/kata-3.32.0', shipped })['/srv/kata-config/qemu/config.d/10-prefix.toml'] ?? ''
    expect(parse(text)).toMatchObject({
      hypervisor: {
        qemu: { path: '/srv/kata-config/qemu/qemu', valid_hypervisor_paths: ['/srv/kata-config/qemu/qemu'] },
      },
    })
  })

  test('QEMU is told where its firmware is', () => {
    expect(written['/srv/kata-config/qemu/qemu']).toBe(
      '#!/bin/sh\n# Written by kcharm.\nexec /srv/kata/bin/qemu-system-x86_64 "$@" -L /srv/kata/share/kata-qemu/qemu/\n',
    )
  })
})

/** With the line in which the releases explain the initrd. */
const SPELLED = renderKataConfig('qemu', { machine: 'x86_64', rust: false, style: 'spelled' }).replace(
  /^kernel_params/m,
  '# initrd = "/opt/kata/share/kata-containers/kata-containers-initrd.img"\nkernel_params',
)

interface Given {
  config: Record<string, unknown>
  archive?: string
  shipped?: string
  at?: string
}

function given({ config, archive = 'kata-static-3.32.0-amd64.tar.zst', shipped = SPELLED, at }: Given) {
  const version = /\d+\.\d+\.\d+/.exec(archive)?.[0] ?? ''
  const key = `kata:shipped:${at ?? `/opt/kata-${version}`}/share/defaults/kata-containers/configuration-qemu.toml`
  const state = machine({}, { config, resources: { kata: archiveNamed(archive) } })
  const prefix = String(config['prefix'] ?? '/opt/kata')
  const observed = Object.entries(state.observed ?? {}).map(([name, value]) => [
    name.replace(':/opt/kata:', `:${prefix}:`),
    value,
  ])
  return { ...state, observed: { ...Object.fromEntries(observed), [key]: shipped } }
}

/** The files that are written below our own folder, by path. */
function files(what: Given): Record<string, string> {
  return texts(runStage(kata, 'configuring', given(what)).objects)
}

function texts(objects: HostObject[] = []): Record<string, string> {
  const own = objects.flatMap((object): [string, string][] =>
    object.kind === 'file' && object.path.includes('kata-config') ? [[object.path, resolve(object.text)]] : [],
  )
  return Object.fromEntries(own)
}

function kernelParams(config: Record<string, unknown>): unknown {
  const drop = files({ config })[`${OWN}/config.d/30-kernel-params.toml`] ?? ''
  return /^kernel_params = "(.*)"$/m.exec(drop)?.[1]
}

function configPath(what: Given): unknown {
  const bag = runStage(kata, 'configuring', given(what)).publish?.['runtime'] as unknown as {
    handlers: { configPath: string }[]
  }
  return bag.handlers[0]?.configPath
}
