import { CRI_IMAGES, CRI_NAMES, CRI_RUNTIME, GRPC_ADDRESSES, GRPC_CRI, runtimesIn } from './ids.ts'
import { ownerOf, type Owner } from './owner.ts'
import { isMoved } from './move.ts'
import { isTable, lookup, parseToml, type Table } from './parse.ts'
import { lineOf, startsWith, statements } from './statements.ts'
import { writersOf } from './writers.ts'

export interface Runtime {
  /** Empty when the file gives none: the handler then has no type on 1.x. */
  type: string
  path: string | undefined
  configPath: string | undefined
  systemdCgroup: boolean | undefined
  /** The line that first names it, from 1. */
  line: number
}

export interface ConfigFacts {
  /** The file's own path, for messages and relative imports. */
  path: string
  /** The version of the containerd that reads the file. */
  daemon: string
  /** 0 without a `version`: containerd takes that for 1. */
  schema: number
  imports: string[]
  /** The plugin whose `containerd.runtimes` the daemon reads. */
  plugin: string
  /** As the file declares them; without such a table the daemon's own `runc` stands. */
  runtimes: Record<string, Runtime> | undefined
  defaultRuntime: string | undefined
  /** The deprecated `default_runtime` table: on 1.x it wins over the name, 2.x ignores it. */
  defaultTable: Runtime | undefined
  /** Where the daemon is told to answer, and to keep what runs. */
  socket: string | undefined
  state: string | undefined
  pauseImage: string | undefined
  /** The folder, or folders between colons, of hosts.toml files. */
  registryFolder: string | undefined
  /** Registry settings that containerd refuses beside such a folder, by their names. */
  inlineRegistries: string[]
  /** What those mirrors name, by registry: URLs without a login. */
  inlineMirrors: Record<string, string[]>
  restrictOom: boolean | undefined
  /** The name under which CRI is disabled. */
  criDisabled: string | undefined
  /** Who writes this file anew at each start. */
  owner: Owner | undefined
  /** Other tools that have written in this file. */
  writers: string[]
  /** A byte order mark in front: 1.x reads such a file, 2.x does not. */
  byteOrderMark: boolean
  /** kcharm has moved it to its schema. */
  moved: boolean
}

export interface Reader {
  path: string
  /** The version of the containerd that reads the file; 2.x when absent. */
  daemon?: string
}

/**
 * What a containerd configuration of any schema says, or the output of `containerd config dump`.
 * Throws `unsafe-input` with `path:line:column` for invalid TOML.
 */
export function readConfig(text: string, reader: Reader): ConfigFacts {
  return factsOf(parseToml(text, reader.path), text, reader)
}

/** The same of a text that is parsed already. */
export function factsOf(config: Table, text: string, { path, daemon = '2.0' }: Reader): ConfigFacts {
  const schema = typeof config.version === 'number' ? config.version : 0
  const plugin = pluginOf(config, { schema, daemon })
  const cri = lookup(config, ['plugins', plugin])
  const image = lookup(cri, ['sandbox_image']) ?? lookup(config, ['plugins', CRI_IMAGES, 'pinned_images', 'sandbox'])
  const registry = lookup(config, ['plugins', schema > 2 ? CRI_IMAGES : plugin, 'registry'])
  const defaultTable = readRuntime(lookup(cri, ['containerd', 'default_runtime']))
  return {
    path,
    daemon,
    schema,
    imports: strings(config.imports),
    plugin,
    runtimes: readRuntimes(config, text, runtimesIn(plugin)),
    defaultRuntime: string(lookup(cri, ['containerd', 'default_runtime_name'])),
    defaultTable: isOne(daemon) && defaultTable?.type !== '' ? defaultTable : undefined,
    socket: string(lookup(config, GRPC_ADDRESSES[schema > 3 ? 1 : 0] ?? [])),
    state: string(config.state),
    pauseImage: string(image),
    registryFolder: string(lookup(registry, ['config_path'])),
    inlineRegistries: inlineRegistries(registry),
    inlineMirrors: inlineMirrors(lookup(registry, ['mirrors'])),
    restrictOom: flag(lookup(cri, ['restrict_oom_score_adj'])),
    criDisabled: strings(config.disabled_plugins).find((name) => CRI_NAMES.includes(name)),
    owner: ownerOf(config, text),
    writers: writersOf(config, text),
    byteOrderMark: text.startsWith('\uFEFF'),
    moved: isMoved(text),
  }
}

/** containerd 1.7.24, pkg/cri/config, ValidatePluginConfig: mirrors, and the TLS settings of a host. */
function inlineRegistries(registry: unknown): string[] {
  const mirrors = keys(lookup(registry, ['mirrors'])).map((host) => `registry.mirrors."${host}"`)
  const hosts = keys(lookup(registry, ['configs'])).filter((host) => lookup(registry, ['configs', host, 'tls']))
  return [...mirrors, ...hosts.map((host) => `registry.configs."${host}".tls`)]
}

function inlineMirrors(mirrors: unknown): Record<string, string[]> {
  const urls = (host: string) => strings(lookup(mirrors, [host, 'endpoint'])).map((url) => url.replace(/\/\/.*@/, '//'))
  return Object.fromEntries(keys(mirrors).map((host) => [host, urls(host)]))
}

function keys(value: unknown): string[] {
  return isTable(value) ? Object.keys(value) : []
}

/** The 1.x line merges nothing: a drop-in replaces all CRI settings, and declared runtimes replace its own `runc`. */
export function isOne(daemon: string): boolean {
  return daemon.startsWith('1.')
}

/** The handlers that a daemon really has, from its `config dump`. */
export function handlersInDump(dump: string): Record<string, Runtime> {
  return readConfig(dump, { path: 'containerd config dump' }).runtimes ?? {}
}

/**
 * Schema 2 is read from the CRI plugin, but 2.x prefers its own runtimes table when the file has both
 * (containerd 2.3.7, plugins/cri/runtime/plugin.go, migrateConfig).
 */
function pluginOf(config: Table, { schema, daemon }: { schema: number; daemon: string }): string {
  if (schema < 2) return 'cri'
  if (schema > 2) return CRI_RUNTIME
  const mixed = lookup(config, runtimesIn(CRI_RUNTIME)) !== undefined
  return mixed && !isOne(daemon) ? CRI_RUNTIME : GRPC_CRI
}

function readRuntimes(config: Table, text: string, at: string[]): Record<string, Runtime> | undefined {
  const declared = lookup(config, at)
  if (!isTable(declared)) return undefined
  const all = statements(text)
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, value]) => {
      const runtime = readRuntime(value)
      const first = all.find((statement) => startsWith(statement.path, [...at, name]))
      return runtime ? [[name, { ...runtime, line: lineOf(text, first?.start ?? 0) }]] : []
    }),
  )
}

function readRuntime(value: unknown): Runtime | undefined {
  if (!isTable(value)) return undefined
  return {
    type: string(value.runtime_type) ?? '',
    path: string(value.runtime_path),
    configPath: string(lookup(value, ['options', 'ConfigPath'])),
    systemdCgroup: flag(lookup(value, ['options', 'SystemdCgroup'])),
    line: 0,
  }
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
