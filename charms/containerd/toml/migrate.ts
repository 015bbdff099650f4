import { isDeepStrictEqual } from 'node:util'
import { KcharmError } from '../../../lib/errors/index.ts'
import { CRI_RUNTIME, GRPC_CRI } from './ids.ts'
import { isTable, leafKey, leafPath, leaves, leavesIfToml, lookup, parseToml, type Table } from './parse.ts'
import { itemsOf, pluginLists } from './plugin-list.ts'
import { renamePlugin } from './plugin-name.ts'
import { tomlPath } from './render.ts'
import { lineOf, statements, type Statement } from './statements.ts'
import { LINE_TAG, wasTag } from './tags.ts'
import { cutAll, eolOf, type Cut } from './text-cut.ts'

/** What a file of schema 1 becomes, and what that changes on the daemon that reads it. */
export interface Migration {
  text: string
  /** Settings that slept and get effect, as paths in the file before. */
  wakes: string[]
  /** Settings that schema 2 has no name for. */
  lost: string[]
}

/**
 * A file of schema 1, or without `version`, for schema 2: the names of plugins change, comments, order, quoting and line ends
 * stay. Later schemas are given back as they are. Throws `unsafe-input` for what would change anything else.
 */
export function migrateConfig(text: string, { path, daemon }: { path: string; daemon: string }): Migration {
  const config = parseToml(text, path)
  if (text === '' || Number(config.version ?? 0) > 1) return { text, wakes: [], lost: [] }
  const all = statements(text)
  const cuts = [versionCut(text, all), ...all.flatMap((each) => keyCut(text, each)), ...listCuts(text, path)]
  const migrated = cutAll(text, cuts)
  verify(migrated, { config, path })
  const names = Object.keys(pluginsOf(config))
  const wakes = names.filter((name) => sleeps(name, daemon)).flatMap((name) => pathsBelow(config, name))
  const lost = names.filter((name) => NAMES[name] === undefined && !name.includes('.'))
  return { text: migrated, wakes, lost: lost.flatMap((name) => pathsBelow(config, name)) }
}

/** On 1.x tables under their later names sleep; from 2.0 to 2.2 those of CRI under any older name do. */
function sleeps(name: string, daemon: string): boolean {
  const [major = 0, minor = 0] = daemon.split('.').map(Number)
  if (major < 2) return name.includes('.') && !name.startsWith(CRI_RUNTIME.slice(0, -'runtime'.length))
  return minor < 3 && (name === 'cri' || name === GRPC_CRI)
}

function pathsBelow(config: Table, name: string): string[] {
  const keys = [...leaves(lookup(config, ['plugins', name]), ['plugins', name]).keys()]
  return keys.map((key) => tomlPath(leafPath(key)))
}

/** Its own line is changed; a new one goes above the first statement, since below a [header] it would be that table's. */
function versionCut(text: string, all: readonly Statement[]): Cut {
  const version = all.find(({ kind, path }) => kind === 'pair' && leafKey(path) === leafKey(['version']))
  if (version) {
    return { start: version.value, end: version.end, put: `2${wasTag(text.slice(version.value, version.end))}` }
  }
  const first = all.find(({ kind }) => kind !== 'comment')
  const at = first ? text.lastIndexOf('\n', first.start - 1) + 1 : text.length
  const start = at === 0 && text.startsWith('\uFEFF') ? 1 : at
  const pad = start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\uFEFF' ? eolOf(text) : ''
  return { start, end: start, put: `${pad}version = 2${LINE_TAG}${eolOf(text)}` }
}

function keyCut(text: string, statement: Statement): Cut[] {
  const to = statement.path[0] === 'plugins' ? NAMES[statement.path[1] ?? ''] : undefined
  return to === undefined ? [] : renamePlugin(text, statement, to)
}

/** Schema 2 takes no short name in its lists of plugins: the daemon would not start. */
function listCuts(text: string, path: string): Cut[] {
  return pluginLists(text).flatMap((list) =>
    itemsOf(text, list).flatMap(({ name, start, end }): Cut[] => {
      if (name.includes('.')) return []
      const to = NAMES[name]
      if (to === undefined) throw unnamed(`${path}:${lineOf(text, start)}`, name)
      return [{ start, end, put: JSON.stringify(to) }]
    }),
  )
}

/** The last word: the same values under the later names, and nothing else. */
function verify(text: string, { config, path }: { config: Table; path: string }): void {
  const lists = ['disabled_plugins', 'required_plugins'].filter((key) => key in config)
  const expected = new Map([
    ...leaves({ ...config, version: 2, plugins: renamed(pluginsOf(config)) }),
    ...lists.map((key) => [leafKey([key]), longNames(config[key])] as const),
  ])
  if (isDeepStrictEqual(leavesIfToml(text, path), expected)) return
  throw new KcharmError('unsafe-input', `${path}: has tables under a plugin's old and its new name, or in one line`, {
    hint: 'bring them together under the new name by hand, with `version = 2`, and deploy again',
  })
}

function pluginsOf({ plugins }: Table): Table {
  return isTable(plugins) ? plugins : {}
}

function renamed(plugins: Table): Table {
  const found: Table = {}
  for (const [name, table] of Object.entries(plugins)) {
    const to = NAMES[name] ?? name
    found[to] = merged(found[to], table)
  }
  return found
}

function merged(one: unknown, other: unknown): unknown {
  if (!isTable(one) || !isTable(other)) return other
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  return Object.fromEntries(keys.map((key) => [key, key in other ? merged(one[key], other[key]) : one[key]]))
}

function longNames(list: unknown): unknown {
  return Array.isArray(list) ? list.map((name: unknown) => (typeof name === 'string' && NAMES[name]) || name) : list
}

function unnamed(place: string, name: string): KcharmError {
  return new KcharmError('unsafe-input', `${place}: schema 2 has no name that is known for the plugin "${name}"`, {
    hint: 'take it out of the list, or write its full name, such as io.containerd.snapshotter.v1.NAME',
  })
}

/** The type of each plugin that schema 1 names without it (containerd 1.7.24, the plugins' registrations). */
const NAMES: Record<string, string> = {
  cri: GRPC_CRI,
  cgroups: 'io.containerd.monitor.v1.cgroups',
  linux: 'io.containerd.runtime.v1.linux',
  scheduler: 'io.containerd.gc.v1.scheduler',
  bolt: 'io.containerd.metadata.v1.bolt',
  task: 'io.containerd.runtime.v2.task',
  opt: 'io.containerd.internal.v1.opt',
  restart: 'io.containerd.internal.v1.restart',
  tracing: 'io.containerd.internal.v1.tracing',
  otlp: 'io.containerd.tracing.processor.v1.otlp',
  'diff-service': 'io.containerd.service.v1.diff-service',
  'tasks-service': 'io.containerd.service.v1.tasks-service',
  ...Object.fromEntries(
    ['aufs', 'btrfs', 'devmapper', 'native', 'overlayfs', 'zfs'].map((name) => [
      name,
      `io.containerd.snapshotter.v1.${name}`,
    ]),
  ),
}
