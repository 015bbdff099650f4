import { textReading } from '../../lib/host/file.ts'
import { type HostObject, readingOf } from '../../lib/host/objects.ts'
import { NotYet } from '../../lib/host/view.ts'
import { check, type Check, type StageOut } from '../../lib/lifecycle/charm.ts'
import type { Context } from '../../lib/lifecycle/context.ts'
import { provides } from '../../lib/model/endpoint.ts'
import { runtimeHandlers } from '../../lib/model/interfaces.ts'
import type { Config } from './config.ts'
import { configObjects } from './configure.ts'
import { binaryReads, installObjects, type Method, methodOf } from './install.ts'
import { CONFIG, criHealth, effectiveConfig, flavour, hasRunc, liveTasks, missingImports, SOCKET } from './observe.ts'
import { remembered } from '../../lib/model/memo.ts'
import { restrictsOom } from './oom.ts'
import { handlersInDump, readConfig, refusalOf, type Wish } from './toml/index.ts'

export const endpoints = { handlers: provides(runtimeHandlers) }
export type Ctx = Context<Config, typeof endpoints>
type Out = StageOut<typeof endpoints>

/** Whose containerd is this, and may it be touched? Looks only. */
export function inspecting(context: Ctx): Out {
  const found = context.view.read(flavour)
  if (found !== undefined) {
    return blocked(
      `the containerd of this machine belongs to ${found}, which writes its configuration itself`,
      `${found} machines are not managed yet: take this machine out of the bundle`,
    )
  }
  const method = methodOf(context.config, context.resources, context.view)
  if (method.by === 'nothing') return blocked(method.message, method.hint)
  return otherVersion(context, method) ?? noRunc(context, method) ?? refusedConfig(context, method) ?? {}
}

export function installing(context: Ctx): Out {
  return { objects: installObjects(methodOf(context.config, context.resources, context.view)) }
}

/** From here on these handlers may stand in the configuration, whatever goes wrong: their files must stay. */
export function announcing(context: Ctx): Out {
  const before = context.published('handlers')
  const names = handlersOf(context).map((handler) => handler.name)
  const wired = [...new Set([...(before?.wired ?? []), ...names])].sort()
  return { publish: { handlers: bag({ version: before?.version ?? '', wired, loaded: before?.loaded ?? [] }) } }
}

/** The handlers that related units ask for, rendered, and the daemon running on them. */
export function configuring(context: Ctx): Out {
  return render(context, handlersOf(context))
}

export function proving(context: Ctx): Out {
  const handlers = handlersOf(context).map((handler) => handler.name)
  const version = versionOf(context)
  return {
    checks: [criIsHealthy, ...(handlers.length > 0 ? [handlersAreLoaded(handlers)] : [])],
    version,
    publish: { handlers: bag({ version, wired: handlers, loaded: handlers }) },
    message: `containerd ${version}${handlers.length > 0 ? `, handlers ${handlers.join(', ')}` : ''}`,
  }
}

/** Before removal: no handler is configured any more, and nothing runs that would lose its daemon. */
export function unwiring(context: Ctx): Out {
  const running = context.view.peek(liveTasks)
  if (context.holds('svc:containerd') && typeof running === 'number' && running > 0 && !ranBefore(context)) {
    return blocked(`${running} containers still run on it`, 'stop them, then remove again')
  }
  const method = methodOf(context.config, context.resources, context.view)
  const version = method.by === 'nothing' ? undefined : method.version
  return version === undefined
    ? {}
    : { objects: configObjects({ version, wish: { handlers: [] }, view: context.view }) }
}

export const stages = { inspecting, installing, announcing, configuring, proving, unwiring }

export const waits = {
  /** Handlers are there to be rendered, or nobody is related who could bring some. */
  handlers: (context: Ctx) => context.peers('handlers').every((peer) => peer.bag !== undefined),
  released: (context: Ctx) => context.peers('handlers').every((peer) => (peer.bag?.handlers ?? []).length === 0),
}

export function handlersOf(context: Ctx): Wish['handlers'] {
  return context.peers('handlers').flatMap((peer) => (peer.bag?.handlers ?? []).map(defined))
}

function render(context: Ctx, handlers: Wish['handlers']): Out {
  const method = methodOf(context.config, context.resources, context.view)
  const version = versionOf(context)
  const wish: Wish = { handlers, ...(restrictsOom(context) ? { restrictOom: true as const } : {}) }
  const objects = configObjects({ version, wish, view: context.view })
  const reads = [...objects, ...binaryReads(method)].map(readingOf)
  const service: HostObject = { kind: 'service', name: 'containerd', reads }
  return { objects: [...objects, service] }
}

function versionOf(context: Ctx): string {
  const method = methodOf(context.config, context.resources, context.view)
  const version = method.by === 'nothing' ? undefined : method.version
  if (version === undefined)
    throw new NotYet({ unknown: 'known once containerd is installed', term: 'containerd version' })
  return version
}

/** Adopting a running daemon, or going on with ours: another version than the recorded one is an upgrade. */
function otherVersion(context: Ctx, method: Method): Out | undefined {
  if (method.by !== 'archive' || context.version === undefined || context.version === method.version) return undefined
  return blocked(
    `containerd ${context.version} is installed, and ${method.version} is asked for`,
    'upgrades are not supported yet: go back to the resource of before',
  )
}

const judged = remembered((given: { text: string; daemon: string }) => {
  const facts = readConfig(given.text, { path: CONFIG, daemon: given.daemon })
  return {
    refusal: refusalOf(facts),
    imports: facts.imports.filter((each) => each.startsWith('/') && !each.includes('*')),
  }
})

const handlersOfDump = remembered(handlersInDump)

function refusedConfig(context: Ctx, method: Method): Out | undefined {
  const text = context.view.peek(textReading(CONFIG))
  if (typeof text !== 'string' || text === '' || method.by === 'nothing' || method.version === undefined)
    return undefined
  const { refusal, imports } = judged({ text, daemon: method.version })
  if (refusal) return blocked(refusal.why, refusal.wayOut)
  const missing = imports.length === 0 ? [] : context.view.read(missingImports(imports))
  if (missing.length === 0) return undefined
  return blocked(
    `${CONFIG} imports ${missing.join(', ')}, which is not there`,
    'put the file back, or take it out of imports',
  )
}

function noRunc(context: Ctx, method: Method): Out | undefined {
  if (method.by !== 'archive' || context.view.read(hasRunc)) return undefined
  return blocked(
    'there is no runc on the machine, and containerd’s archive brings none',
    'install it: apt-get install runc',
  )
}

const criIsHealthy: Check = check(
  'CRI health',
  criHealth,
  ({ plugins, runtime }) => {
    if (plugins.length === 0) return 'containerd answers with no CRI plugin (`ctr plugins ls`)'
    const bad = plugins.find((plugin) => plugin.status !== 'ok')
    if (bad) return `the plugin ${bad.id} is in state ${bad.status}, expected ok; see \`journalctl -u containerd\``
    if (runtime === 'unknown')
      return 'the machine has none of perl, python3 and crictl to ask the CRI with; install one'
    return runtime === 'ready' ? undefined : `RuntimeReady is ${runtime}, expected ready`
  },
  { within: 30 },
)

function handlersAreLoaded(names: string[]): Check {
  return check('handlers in the effective configuration', effectiveConfig, (dump) => {
    const there = handlersOfDump(dump)
    const missing = names.filter((name) => there[name] === undefined)
    return missing.length === 0 ? undefined : `${missing.join(', ')} missing from \`containerd config dump\``
  })
}

function ranBefore(context: Ctx): boolean {
  return (
    !['pkg:containerd', 'pkg:containerd.io'].some((key) => context.holds(key)) && context.config.source !== 'archive'
  )
}

function bag(state: { version: string; wired: string[]; loaded: string[] }) {
  return { runtime: 'containerd', socket: `unix://${SOCKET}`, ...state }
}

function blocked(message: string, hint: string): Out {
  return { blocked: { message, hint } }
}

/** zod gives optional members as possibly undefined; an editor's handler leaves them out. */
function defined<T extends object>(handler: T): Wish['handlers'][number] {
  return Object.fromEntries(Object.entries(handler).filter(([, value]) => value !== undefined)) as never
}
