import { textReading } from '../../lib/host/file.ts'
import { type HostObject, readingOf } from '../../lib/host/objects.ts'
import { MANAGERS } from '../../lib/host/package-manager.ts'
import { packageReading } from '../../lib/host/package.ts'
import { isUnknown, NotYet } from '../../lib/host/view.ts'
import type { RuntimeHandler } from '../../lib/model/interfaces.ts'
import { remembered } from '../../lib/model/memo.ts'
import { refusedCgroup } from './cgroup.ts'
import { checksAt, checksOf } from './checks.ts'
import { companionObjects } from './companions.ts'
import { configObjects } from './configure.ts'
import { blocked, type Ctx, handlersOf, type Out } from './context.ts'
import { binaryReads, installObjects, methodOf } from './install.ts'
import { refusedFlavour, refusedMachine } from './judge.ts'
import { liveTasksOf, placesOf, publicPlaces } from './daemon.ts'
import { CONFIG, type DaemonPlaces, effectiveConfig } from './observe.ts'
import { PACKAGES } from './package.ts'
import { preUpgrade } from './pre-upgrade.ts'
import { preparations, wordsOf } from './prepare.ts'
import { registryObjects } from './registries/files.ts'
import { daemonIsNew, wordsBefore } from './upgrade-facts.ts'
import { securing } from './upgrades.ts'
import { unitDropIn } from './unit-drop-in.ts'
import { mainFacts, rancherObjects, rancherOf, rancherPlaces, refusedRancher } from './rancher.ts'
import { runtimesIn } from './toml/ids.ts'
import { type ConfigFacts, readConfig, settingsOf, type Wish } from './toml/index.ts'
import { lostSettings } from './toml/lost-settings.ts'
import { wishOf } from './wish-of.ts'

/** Whose containerd is this, and may it be touched? Looks only. */
export function inspecting(context: Ctx): Out {
  const rancher = rancherOf(context)
  if (rancher) return refusedRancher(context, rancher) ?? {}
  const refused = refusedFlavour(context)
  if (refused) return refused
  const method = methodOf(context.config, context.resources, context.view)
  if (method.by === 'nothing') return blocked(method.message, method.hint)
  return refusedMachine(context, method) ?? {}
}

export function installing(context: Ctx): Out {
  if (rancherOf(context)) return {}
  const method = methodOf(context.config, context.resources, context.view)
  return { objects: [...installObjects(method), ...companionObjects(context.resources)] }
}

/** From here on these handlers may stand in the configuration, whatever goes wrong: their files must stay. */
export function announcing(context: Ctx): Out {
  const before = context.published('handlers')
  const names = handlersOf(context).map((handler) => handler.name)
  const wired = [...new Set([...(before?.wired ?? []), ...names])].sort()
  const state = { version: before?.version ?? '', wired, loaded: before?.loaded ?? [] }
  return { publish: { handlers: bag(placesOf(context), state) } }
}

/** The handlers that related units ask for and the options, rendered, and the daemon running on them. */
export function configuring(context: Ctx): Out {
  const rancher = rancherOf(context)
  if (rancher) return { objects: rancherObjects(context, rancher) }
  const method = methodOf(context.config, context.resources, context.view)
  const version = versionOf(context)
  const prepare = preparations(wordsOf(context.config), version)
  const objects = configObjects({ version, wish: wishOf(context), context, prepare })
  const unit = unitDropIn(context)
  const files = unit.filter((object) => object.kind === 'file')
  const read = new Map([...objects, ...files, ...binaryReads(method)].map(readingOf).map((each) => [each.key, each]))
  const service: HostObject = { kind: 'service', name: 'containerd', reads: [...read.values()] }
  return { objects: [...registryObjects(context), ...objects, ...unit, service] }
}

export function proving(context: Ctx): Out {
  const wish = wishOf(context)
  const rancher = rancherOf(context)
  if (rancher) {
    const { version, service } = rancher
    const checks = checksAt(rancherPlaces(rancher), { facts: mainFacts(rancher), wish, service })
    return {
      checks,
      ...proved(context, { version, wish, whose: ` of ${service}`, writers: [] }),
    }
  }
  const version = versionOf(context)
  const checks = checksOf(context, { version, wish })
  const method = methodOf(context.config, context.resources, context.view)
  const fresh = context.ascent ? [daemonIsNew(method)] : []
  return {
    ...(context.ascent ? { notes: wordsOnLost(context, { version, wish }) } : {}),
    checks: [...checks, ...fresh],
    ...(method.by === 'hand' ? { adopted: true as const } : {}),
    ...proved(context, { version, wish, whose: '', writers: writersIn(context) }),
  }
}

/** What was set on the old version, and is not on the new one. */
function wordsOnLost({ view, ascent }: Ctx, { version, wish }: { version: string; wish: Wish }): string[] {
  const [old, after] = ascent ? [view.peek(wordsBefore(ascent)), view.peek(effectiveConfig)] : []
  if (old === undefined || isUnknown(old) || typeof after !== 'string') return []
  if ([old.before, old.defaults, after].includes('')) return []
  const own = ownPaths(wish, readConfig(after, { path: '`containerd config dump`', daemon: version }))
  return lostSettings({ ...old, after }, { daemon: version, own }).map(
    (path) => `lost on containerd ${version}: ${path}`,
  )
}

function ownPaths(wish: Wish, facts: ConfigFacts): string[][] {
  const tables = wish.handlers.map(({ name }) => [...runtimesIn(facts.plugin), name])
  return [...tables, ...settingsOf(wish, facts).map(({ path }) => path)]
}

/** What is known once the checks have gone well. */
function proved(context: Ctx, what: { version: string; wish: Wish; whose: string; writers: string[] }): Out {
  const { version, wish, whose, writers } = what
  const names = wish.handlers.map((handler) => handler.name)
  return {
    version,
    publish: { handlers: bag(placesOf(context), { version, wired: names, loaded: wish.handlers }) },
    message: [
      `containerd ${version}${whose}${names.length > 0 ? `, handlers ${names.join(', ')}` : ''}`,
      ...(writers.length > 0 ? [`${CONFIG} is also written by ${writers.join(', ')}`] : []),
    ].join('; '),
  }
}

/** Before removal: no handler is configured any more, and nothing runs that would lose its daemon. */
export function unwiring(context: Ctx): Out {
  if (rancherOf(context)) return {}
  const running = liveTasksOf(context)
  if (context.holds('svc:containerd') && running > 0 && !ranBefore(context)) {
    return blocked(`${running} containers still run on it`, 'stop them, then remove again')
  }
  const method = methodOf(context.config, context.resources, context.view)
  const version = method.by === 'nothing' ? undefined : method.version
  if (version === undefined) return {}
  const wish = { handlers: [] }
  const refused = refusedCgroup(context, { version, wish })
  return refused ?? { objects: configObjects({ version, wish, context }) }
}

export const stages = { inspecting, installing, announcing, configuring, proving, preUpgrade, securing, unwiring }

export const waits = {
  /** Handlers are there to be rendered, or nobody is related who could bring some. */
  handlers: (context: Ctx) => context.peers('handlers').every((peer) => peer.bag !== undefined),
  released: (context: Ctx) => context.peers('handlers').every((peer) => (peer.bag?.handlers ?? []).length === 0),
}

function versionOf(context: Ctx): string {
  const method = methodOf(context.config, context.resources, context.view)
  const version = method.by === 'nothing' ? undefined : method.version
  if (version === undefined)
    throw new NotYet({ unknown: 'known once containerd is installed', term: 'containerd version' })
  return version
}

function writersIn({ view }: Ctx): string[] {
  const text = view.peek(textReading(CONFIG))
  return typeof text === 'string' ? factsOf(text).writers : []
}

const factsOf = remembered((text: string) => readConfig(text, { path: CONFIG }))

function ranBefore(context: Ctx): boolean {
  const keys = MANAGERS.flatMap((manager) => PACKAGES.map((name) => packageReading(name, manager).key))
  return !keys.some((key) => context.holds(key)) && context.config.source !== 'archive'
}

function bag(places: DaemonPlaces, state: { version: string; wired: string[]; loaded: RuntimeHandler[] }) {
  return { runtime: 'containerd', ...publicPlaces(places), ...state }
}
