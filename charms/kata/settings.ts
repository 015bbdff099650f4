import { nearest } from '../../lib/model/near-miss.ts'
import type { Config } from './config.ts'
import type { Misfit, Release } from './release.ts'
import { type ShimName, shimOf } from './shims.ts'
import { commentedKeys, type Leaf, type Leaves, readLeaves } from './toml.ts'

/** The prefix that the releases are built for, and name in every path of their configurations. */
const BUILT_FOR = '/opt/kata'

/**
 * A configuration of our own beside the versioned tree: a copy of the shipped one that a handler's ConfigPath names. Both runtimes
 * read config.d next to the file that a link leads to, so it must be a copy, and nothing is written into the tree.
 */
export interface OwnConfig {
  shim: ShimName
  folder: string
  main: string
  /** The file that it starts from, in the tree of its version. */
  shipped: string
  /** Whether this runtime merges config.d; otherwise the settings stand in `main` itself. */
  drops: boolean
  /** Where Kata really stands. */
  base: string
}

/** Nothing where the shipped configuration is right as it is. */
export function ownConfigOf(config: Config, release: Release, shim: ShimName): OwnConfig | undefined {
  const { base, layout } = release
  if (Object.keys(partsOf(config, { shim, base })).length === 0) return undefined
  const folder = `${config.prefix}-config/${shim}`
  return {
    shim,
    folder,
    main: `${folder}/configuration-${shim}.toml`,
    shipped: release.shipped(shim),
    base,
    drops: shimOf(shim).runtime === 'rust' || layout.goReadsConfigD,
  }
}

/** Where the handler's configuration lies. */
export function configPathOf(config: Config, release: Release, shim: ShimName): string {
  return ownConfigOf(config, release, shim)?.main ?? release.paths(shim).config
}

/** What one file of config.d is about: its values, from those that are shipped. */
export type Part = (base: Leaves) => Leaves

/** Files of config.d by name, numbered as kata-deploy numbers its own (kata-containers, docs/runtime-configuration.md). */
export function partsOf(config: Config, at: Pick<OwnConfig, 'shim' | 'base'>): Record<string, Part> {
  const { shim } = at
  const mine = config.settings[shim] ?? {}
  const { debug, debug_console: console, memory, kernel_params: params } = config
  return {
    ...(at.base === BUILT_FOR ? {} : { '10-prefix.toml': (base: Leaves) => moved(config, at, base) }),
    ...(debug || console ? { '20-debug.toml': (base: Leaves) => debugging(config, base) } : {}),
    ...(params === '' ? {} : { '30-kernel-params.toml': (base: Leaves) => added(params, { ...base, ...mine }) }),
    ...(memory === undefined
      ? {}
      : { '40-memory.toml': (base: Leaves) => ({ [`${hypervisorIn(base)}.default_memory`]: memory }) }),
    ...(Object.keys(mine).length === 0
      ? {}
      : { '50-settings.toml': (base: Leaves) => withoutAdded(mine, params, base) }),
  }
}

/** Where the wrapper of a moved QEMU lies: it tells QEMU where its firmware is, which is built in for /opt/kata. */
export function wrapperOf(config: Config, { shim, base }: Pick<OwnConfig, 'shim' | 'base'>): string | undefined {
  return base !== BUILT_FOR && shim.startsWith('qemu') ? `${config.prefix}-config/${shim}/qemu` : undefined
}

/** `-L` as kata-deploy's own wrapper gives it (kata-containers, create_qemu_wrapper_script). */
export function renderWrapper(prefix: string, base: Leaves): string {
  const program = relocated(prefix, String(base[`${hypervisorIn(base)}.path`] ?? ''))
  const build = /\/qemu-system-[a-z0-9_]+(-[a-z-]+)?$/.exec(program)?.[1] ?? ''
  return `#!/bin/sh\n# Written by kcharm.\nexec ${program} "$@" -L ${prefix}/share/kata-qemu${build}/qemu/\n`
}

/** Settings that the shipped file does not know, or knows with another type. The Go runtime would only warn of them. */
export function settingFaults(config: Config, own: OwnConfig, text: string): Misfit[] {
  const base = readLeaves(text, own.shipped)
  const known = [...new Set([...Object.keys(base), ...commentedKeys(text)])]
  const mine = config.settings[own.shim] ?? {}
  const faults = Object.entries(mine).flatMap(([key, value]) => {
    const file = `configuration-${own.shim}.toml`
    if (!known.includes(key)) {
      const meant = nearest(key, known)
      const mend = meant === undefined ? `see ${own.shipped}` : `did you mean ${meant}?`
      return [{ why: `settings: ${file} knows no ${key}`, mend }]
    }
    const shipped = base[key]
    if (shipped === undefined || typeOf(shipped) === typeOf(value)) return []
    return [{ why: `settings: ${key} is ${typeOf(value)}`, mend: `${file} has ${typeOf(shipped)} there` }]
  })
  return [...faults, ...twoRoots({ ...base, ...mine }, mine)]
}

/** A guest has an image or an initrd, and no runtime takes both (kata-containers, src/runtime/pkg/katautils/config.go). */
function twoRoots(merged: Leaves, mine: Leaves): Misfit[] {
  const pair = ['image', 'initrd'].map((name) => `${hypervisorIn(merged)}.${name}`)
  if (pair.some((key) => (merged[key] ?? '') === '') || pair.every((key) => !(key in mine))) return []
  const other = pair.find((key) => !(key in mine)) ?? pair[0]
  return [{ why: `settings: ${pair.join(' and ')} exclude each other`, mend: `set ${other} to "" as well` }]
}

/** `hypervisor.qemu`: a configuration has one hypervisor. */
export function hypervisorIn(base: Leaves): string {
  const found = Object.keys(base).find((key) => /^hypervisor\.[^.]+\.(path|kernel)$/.test(key))
  return found?.replace(/\.[^.]+$/, '') ?? 'hypervisor.unknown'
}

function moved(config: Config, at: Pick<OwnConfig, 'shim' | 'base'>, base: Leaves): Leaves {
  const { base: prefix } = at
  const hypervisor = hypervisorIn(base)
  const wrapper = wrapperOf(config, at)
  const changed = Object.entries(base).flatMap(([key, value]): [string, Leaf][] => {
    const there = Array.isArray(value) ? value.map((each) => relocated(prefix, each)) : relocated(prefix, value)
    return JSON.stringify(there) === JSON.stringify(value) ? [] : [[key, there]]
  })
  const program = wrapper === undefined ? {} : { [`${hypervisor}.path`]: wrapper }
  const valid = wrapper === undefined || base[`${hypervisor}.valid_hypervisor_paths`] === undefined
  return {
    ...Object.fromEntries(changed),
    ...program,
    ...(valid ? {} : { [`${hypervisor}.valid_hypervisor_paths`]: [wrapper] }),
  }
}

function relocated<T>(prefix: string, value: T): T | string {
  return typeof value === 'string' ? value.replaceAll(`${BUILT_FOR}/`, `${prefix}/`) : value
}

function debugging({ debug, debug_console: console }: Config, base: Leaves): Leaves {
  return {
    ...(debug
      ? {
          [`${hypervisorIn(base)}.enable_debug`]: true,
          'agent.kata.enable_debug': true,
          'runtime.enable_debug': true,
        }
      : {}),
    ...(console ? { 'agent.kata.debug_console_enabled': true } : {}),
  }
}

/** config.d replaces a text as a whole, so what is shipped is said again. */
function added(params: string, base: Leaves): Leaves {
  const key = `${hypervisorIn(base)}.kernel_params`
  const words = `${String(base[key] ?? '')} ${params}`.split(' ').filter((word) => word !== '')
  return { [key]: [...new Set(words)].join(' ') }
}

/** Kernel parameters that are set and added to stand in one file only: that of the additions. */
function withoutAdded(mine: Leaves, params: string, base: Leaves): Leaves {
  const key = `${hypervisorIn(base)}.kernel_params`
  return params === '' ? mine : Object.fromEntries(Object.entries(mine).filter(([name]) => name !== key))
}

function typeOf(value: Leaf): string {
  return Array.isArray(value) ? 'a list' : typeof value === 'string' ? 'a text' : `a ${typeof value}`
}
