import { isDeepStrictEqual } from 'node:util'
import { textReading } from '../../lib/host/file.ts'
import type { Reading } from '../../lib/host/view.ts'
import { check, type Check } from '../../lib/lifecycle/charm.ts'
import { remembered } from '../../lib/model/memo.ts'
import type { Ctx } from './context.ts'
import { placesOf } from './daemon.ts'
import { CONFIG, type CriHealth, dumpOf, type DaemonPlaces, effectiveConfig, healthOf } from './observe.ts'
import { type ConfigFacts, readConfig, type Setting, settingsOf, type Wish } from './toml/index.ts'
import { isOne } from './toml/facts.ts'
import { GRPC_CRI } from './toml/ids.ts'
import { lookup, parseToml } from './toml/parse.ts'
import { tomlPath } from './toml/render.ts'

/** What proves that the running daemon has what is wished. */
export function checksOf(context: Ctx, { version, wish }: { version: string; wish: Wish }): Check[] {
  const names = wish.handlers.map((handler) => handler.name)
  const settings = settingsInDump(context, { version, wish })
  return [
    criIsHealthy(healthOf(placesOf(context)), { steady: context.ascent ? PROBATION_S : 0 }),
    ...(names.length > 0 ? [handlersAreLoaded(names, effectiveConfig)] : []),
    ...(settings.length > 0 ? [settingsAreLoaded(settings, effectiveConfig)] : []),
  ]
}

/** The same of the containerd inside another service, whose main file has these facts. */
export function checksAt(
  places: DaemonPlaces,
  { facts, wish, service }: { facts: ConfigFacts; wish: Wish; service: string },
): Check[] {
  const names = wish.handlers.map((handler) => handler.name)
  const settings = settingsOf(wish, facts).filter(({ path }) => path[1] !== GRPC_CRI)
  const dump = dumpOf(places)
  return [
    criIsHealthy(healthOf(places), { service }),
    handlersAreLoaded(names, dump),
    settingsAreLoaded(settings, dump),
  ]
}

/** A new version may come up and die: it crashes at the first pod, or a while after its start. */
const PROBATION_S = 12

const criIsHealthy = (
  health: Reading<CriHealth>,
  { service = 'containerd', steady = 0 }: { service?: string; steady?: number } = {},
): Check =>
  check(
    'CRI health',
    health,
    ({ plugins, runtime }) => {
      if (plugins.length === 0) return 'containerd answers with no CRI plugin (`ctr plugins ls`)'
      const bad = plugins.find((plugin) => plugin.status !== 'ok')
      if (bad) return `the plugin ${bad.id} is in state ${bad.status}, expected ok; see \`journalctl -u ${service}\``
      if (runtime === 'unknown')
        return 'the machine has none of perl, python3 and crictl to ask the CRI with; install one'
      return runtime === 'ready' ? undefined : `RuntimeReady is ${runtime}, expected ready`
    },
    { within: 30, steady },
  )

const dumped = remembered((dump: string) => {
  const path = '`containerd config dump`'
  return { facts: readConfig(dump, { path }), table: parseToml(dump, path) }
})

/** The default runtime as well: without it CRI would not start (containerd#7982). */
function handlersAreLoaded(names: string[], config: Reading<string>): Check {
  return check('handlers in the effective configuration', config, (dump) => {
    const { runtimes = {}, defaultRuntime } = dumped(dump).facts
    const wanted = [...names, ...(defaultRuntime === undefined ? [] : [defaultRuntime])]
    const missing = wanted.filter((name) => runtimes[name] === undefined)
    return missing.length === 0 ? undefined : `${missing.join(', ')} missing from \`containerd config dump\``
  })
}

/** A 1.x daemon passes over a key that it does not know in silence: then its dump lacks it. */
function settingsAreLoaded(settings: Setting[], config: Reading<string>): Check {
  return check('settings in the effective configuration', config, (dump) => {
    const { table } = dumped(dump)
    const missing = settings.filter(({ path, value }) => !isDeepStrictEqual(lookup(table, path), value))
    if (missing.length === 0) return undefined
    return `${missing.map(({ path }) => tomlPath(path)).join(', ')} not as set in \`containerd config dump\``
  })
}

/** Those whose path a dump has unchanged: 2.x prints an older file in its own newest schema. */
function settingsInDump({ view }: Ctx, { version, wish }: { version: string; wish: Wish }): Setting[] {
  const text = view.peek(textReading(CONFIG))
  if (typeof text !== 'string') return []
  const settings = settingsOf(wish, readConfig(text, { path: CONFIG, daemon: version }))
  return isOne(version)
    ? settings
    : settings.filter(({ path: [top = '', id] }) => id !== GRPC_CRI && !MOVED.includes(top))
}

/** Schema 4 has these as tables of plugins (containerd, cmd/containerd/server/config, serviceMigrate). */
const MOVED = ['grpc', 'ttrpc', 'debug', 'metrics']
