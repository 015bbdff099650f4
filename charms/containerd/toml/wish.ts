import { KcharmError } from '../../../lib/errors/index.ts'
import type { RuntimeHandler } from '../../../lib/model/interfaces.ts'
import { isOne, type ConfigFacts } from './facts.ts'
import { CRI_IMAGES, GRPC_CRI, runtimesIn } from './ids.ts'
import { leafKey, type Table } from './parse.ts'
import { tomlPath } from './render.ts'

/** What kcharm wants in a containerd configuration. An absent setting is left as the operator has it. */
export interface Wish {
  handlers: RuntimeHandler[]
  restrictOom?: true | undefined
  pauseImage?: string | undefined
  /** For runc and every other runtime of runc's type. */
  systemdCgroup?: boolean | undefined
  /** The folder of the registries' hosts.toml files. */
  registryFolder?: string | undefined
  /** Settings that kcharm has no word for. */
  extra?: Setting[]
}

export type SettingValue = string | number | boolean | (string | number | boolean)[]

export interface Setting {
  path: string[]
  value: SettingValue
}

/** Whether a wish leaves the operator's configuration as it is. */
export function isEmptyWish(wish: Wish): boolean {
  const { handlers, extra = [], ...rest } = wish
  return handlers.length === 0 && extra.length === 0 && Object.values(rest).every((value) => value === undefined)
}

/** The single values of a wish, by their path in a file of these facts. */
export function settingsOf(wish: Wish, facts: ConfigFacts): Setting[] {
  const found: Setting[] = []
  if (wish.restrictOom) found.push({ path: ['plugins', facts.plugin, 'restrict_oom_score_adj'], value: true })
  if (wish.pauseImage !== undefined) found.push({ path: pauseImagePath(facts), value: wish.pauseImage })
  if (wish.registryFolder !== undefined) found.push({ path: registryPath(facts), value: wish.registryFolder })
  const { systemdCgroup } = wish
  const cgroups = systemdCgroup === undefined ? [] : cgroupPaths(facts).map((path) => ({ path, value: systemdCgroup }))
  return withExtra([...found, ...snapshotterSettings(wish, facts), ...cgroups], wish)
}

/** Throws `invalid-option` for an extra setting that another option sets as well. */
function withExtra(settings: Setting[], { extra = [] }: Wish): Setting[] {
  const twice = extra.find(({ path }) => settings.some((setting) => leafKey(setting.path) === leafKey(path)))
  if (twice === undefined) return [...settings, ...extra]
  throw new KcharmError('invalid-option', `extra: ${tomlPath(twice.path)} is set by an option of its own`, {
    hint: 'take it out of extra',
  })
}

/** The handlers' tables by name, with containerd's own keys. */
export function handlerTables({ handlers }: Wish): Table {
  return Object.fromEntries(handlers.map((handler) => [handler.name, handlerTable(handler)]))
}

/** The wish in words, for plans: `set plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata-qemu`. */
export function intentOf(wish: Wish, facts: ConfigFacts): string[] {
  return [
    ...wish.handlers.map(({ name }) => `set ${tomlPath([...runtimesIn(facts.plugin), name])}`),
    ...settingsOf(wish, facts).map(({ path, value }) => `set ${tomlPath(path)} = ${JSON.stringify(value)}`),
  ]
}

/** Throws for a handler that the operator's file has already: kcharm did not write it and does not overwrite it. */
export function refuseForeign({ handlers }: Wish, { path, runtimes }: Pick<ConfigFacts, 'path' | 'runtimes'>): void {
  for (const { name } of handlers) {
    const there = runtimes?.[name]
    if (there === undefined) continue
    throw new KcharmError('unsafe-input', `${path}:${there.line}: the handler ${name} is there and not kcharm's`, {
      hint: `remove it from ${path}, or give kcharm's handler another name`,
    })
  }
}

function handlerTable(handler: RuntimeHandler): Table {
  const { privilegedWithoutHostDevices: privileged, podAnnotations: pod, containerAnnotations: container } = handler
  return {
    runtime_type: handler.runtimeType,
    runtime_path: handler.runtimePath,
    ...(privileged === undefined ? {} : { privileged_without_host_devices: privileged }),
    ...(pod === undefined ? {} : { pod_annotations: pod }),
    ...(container === undefined ? {} : { container_annotations: container }),
    ...(handler.snapshotter === undefined ? {} : { snapshotter: handler.snapshotter }),
    ...(handler.configPath === undefined ? {} : { options: { ConfigPath: handler.configPath } }),
  }
}

function pauseImagePath({ schema }: ConfigFacts): string[] {
  return schema === 2 ? ['plugins', GRPC_CRI, 'sandbox_image'] : ['plugins', CRI_IMAGES, 'pinned_images', 'sandbox']
}

function registryPath({ schema }: ConfigFacts): string[] {
  return ['plugins', schema === 2 ? GRPC_CRI : CRI_IMAGES, 'registry', 'config_path']
}

/**
 * From 2.0 to 2.2 the image service must be told of a handler's snapshotter besides, and no migration of an older
 * schema does that (containerd, plugins/cri/images/plugin.go, migrateConfig).
 */
function snapshotterSettings({ handlers }: Wish, { daemon }: ConfigFacts): Setting[] {
  if (isOne(daemon)) return []
  return handlers.flatMap(({ name, snapshotter }) =>
    snapshotter === undefined
      ? []
      : [{ path: ['plugins', CRI_IMAGES, 'runtime_platforms', name, 'snapshotter'], value: snapshotter }],
  )
}

/** On 1.x an undeclared runc must not be half declared; `default_runtime` counts there instead of the name. */
function cgroupPaths({ plugin, daemon, runtimes, defaultTable }: ConfigFacts): string[][] {
  const declared = Object.entries(runtimes ?? {}).filter(([, { type }]) => type === RUNC)
  const own = runtimes === undefined || !isOne(daemon) ? ['runc'] : []
  const names = new Set([...own, ...declared.map(([name]) => name)])
  const tables = [...names].map((name) => [...runtimesIn(plugin), name])
  if (defaultTable) tables.push(['plugins', plugin, 'containerd', 'default_runtime'])
  return tables.map((table) => [...table, 'options', 'SystemdCgroup'])
}

export const RUNC = 'io.containerd.runc.v2'
