import { KcharmError } from '../../lib/errors/index.ts'
import type { Blob } from '../../lib/host/kind.ts'
import { linkReading } from '../../lib/host/link.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { check, type Check, type StageOut } from '../../lib/lifecycle/charm.ts'
import type { Context } from '../../lib/lifecycle/context.ts'
import { requires } from '../../lib/model/endpoint.ts'
import { runtimeHandlers } from '../../lib/model/interfaces.ts'
import type { Config } from './config.ts'
import { configObjects, readShipped } from './configure.ts'
import { handlersOf, nameFaults, namesOf, type Wired } from './handlers.ts'
import { ARCHES, type Layout } from './layout.ts'
import { fitness, MODULES } from './fitness.ts'
import { sandboxes, shimState } from './observe.ts'
import { type Fault, faultsOf, sentence, spaceKiB } from './probes.ts'
import { type Misfit, type Release, releaseOf } from './release.ts'
import { configPathOf, type OwnConfig, ownConfigOf, settingFaults } from './settings.ts'
import { type ShimName, shimPaths } from './shims.ts'

export const endpoints = {
  runtime: requires(runtimeHandlers, { scope: 'container', required: true, limit: 1 }),
}
export type Ctx = Context<Config, typeof endpoints>
type Out = StageOut<typeof endpoints>

export const MODULES_LOAD = '/etc/modules-load.d/kcharm-kata.conf'

/** Can this machine run Kata, and is the place free? Looks only, and says all faults at once. */
export function preflight(context: Ctx): Out {
  const blob = context.resources['kata']
  if (blob === undefined) {
    return blocked('the resource `kata` has no file', 'give one: --resource kata:kata=kata-static-VERSION-amd64.tar.xz')
  }
  const release = releaseOf(context.config, blob)
  if (release === undefined)
    return blocked(`${blob.name} does not say which version it holds`, 'set the option version')
  const { version } = release.layout
  if (context.version !== undefined && context.version !== version) {
    const hint = 'upgrades are not supported yet: go back to the resource of before'
    return blocked(`Kata ${context.version} is installed, and ${version} is asked for`, hint)
  }
  return foreignInstall(context) ?? unfit(context, release) ?? {}
}

export function unpacking(context: Ctx): Out {
  const { blob, tree } = installed(context)
  return {
    objects: [
      { kind: 'archive', path: tree, blob, prefix: 'opt/kata' },
      { kind: 'link', path: context.config.prefix, target: tree },
    ],
    checks: shimChecks(context),
  }
}

/** The kernel modules, and the handlers offered to the runtime. */
export function configuring(context: Ctx): Out {
  const modules = MODULES.filter((name) => /^(loaded|available)$/.test(fitnessOf(context).modules[name] ?? ''))
  const objects: HostObject[] = modules.map((name) => ({ kind: 'kernel-module', name }))
  if (modules.length > 0) {
    objects.push({ kind: 'file', path: MODULES_LOAD, text: `# Written by kcharm.\n${modules.join('\n')}\n` })
  }
  objects.push(...ownConfigs(context).flatMap((own) => configObjects(context.config, own, shippedTo(context, own))))
  return { objects, publish: { runtime: { handlers: wiredOf(context).map(({ handler }) => handler) } } }
}

export function proving(context: Ctx): Out {
  const { version } = installed(context).layout
  return {
    checks: shimChecks(context),
    version,
    message: [`Kata ${version}, handlers ${namesOf(context.config).join(', ')}`, ...warnings(context)].join('; '),
  }
}

/** Withdraws the handlers, unless somebody still lives in a sandbox. */
export function unwiring(context: Ctx): Out {
  return inUse(context) ?? { publish: { runtime: { handlers: [] } } }
}

/** The runtime has let go of the handlers; a last look before the files go. */
export function releasing(context: Ctx): Out {
  return inUse(context) ?? {}
}

export const stages = { preflight, unpacking, configuring, proving, unwiring, releasing }

export const waits = {
  loaded: (context: Ctx) => {
    const mine = (context.published('runtime')?.handlers ?? []).map((handler) => handler.name)
    const peers = context.peers('runtime')
    return peers.length > 0 && peers.every((peer) => mine.every((name) => peer.bag?.loaded.includes(name)))
  },
  unwired: (context: Ctx) => {
    const mine = (context.published('runtime')?.handlers ?? []).map((handler) => handler.name)
    const names = [...mine, ...namesOf(context.config)]
    return context.peers('runtime').every((peer) => !peer.bag?.wired.some((name) => names.includes(name)))
  },
}

export function fitnessOf(context: Ctx) {
  return context.view.read(fitness(fitnessNeeds(context.config, context.resources['kata'])))
}

export function fitnessNeeds(config: Config, blob: Blob | undefined) {
  return { prefix: config.prefix, archive: blob?.name ?? '', needKiB: spaceKiB(blob?.size ?? 0) }
}

/** Everything that stands in the way here, the options' faults among it; nothing without an archive whose version is known. */
export function verdictsOf(context: Ctx): { layout: Layout; faults: Fault[] } | undefined {
  const blob = context.resources['kata']
  const release = blob && releaseOf(context.config, blob)
  if (release === undefined) return undefined
  const misfits = misfitsIn(context, release).map(({ why, mend }): Fault => {
    return { probe: 'options', found: why, needed: 'what this archive and machine can give', mend }
  })
  return { layout: release.layout, faults: [...misfits, ...faultsIn(context, release.blob)] }
}

/** Where the configuration of a shim lies now. */
export function configPathIn(context: Ctx, shim: ShimName): string {
  return configPathOf(context.config, installed(context).layout, shim)
}

function wiredOf(context: Ctx): Wired[] {
  const { layout } = installed(context)
  return handlersOf(context.config, layout, (shim) => configPathIn(context, shim))
}

function ownConfigs(context: Ctx): OwnConfig[] {
  const { layout } = installed(context)
  return context.config.shims.flatMap((shim) => ownConfigOf(context.config, layout, shim) ?? [])
}

function shippedTo(context: Ctx, own: OwnConfig): { shipped(): string; fresh: boolean } {
  const key = `tree:${installed(context).tree}`
  const reading = readShipped(context.view, own, { held: context.holds(key), key })
  return { shipped: () => context.view.read(reading), fresh: !context.holds(`file:${own.main}`) }
}

function shimChecks(context: Ctx): Check[] {
  const { layout } = installed(context)
  return context.config.shims.map((shim) => {
    const paths = shimPaths(context.config.prefix, layout, shim)
    return check(`shim ${shim}`, shimState(paths), (state) => {
      if (state.version === undefined) return `${paths.binary} does not answer --version; has the archive this shim?`
      if (state.version !== layout.version)
        return `${paths.binary} is of version ${state.version}, expected ${layout.version}`
      return state.config ? undefined : `${paths.config} is missing from the archive`
    })
  })
}

function installed(context: Ctx): Release {
  const blob = context.resources['kata']
  const release = blob && releaseOf(context.config, blob)
  if (!release) {
    throw new KcharmError('unit-blocked', `${context.unit} has no archive whose version is known`, {
      hint: 'give the resource kata, or the option version',
    })
  }
  return release
}

function unfit(context: Ctx, release: Release): Out | undefined {
  const misfits = misfitsIn(context, release)
  const faults = faultsIn(context, release.blob)
  const blocking = context.config.preflight === 'warn' ? faults.filter((fault) => fault.fatal) : faults
  if (misfits.length + blocking.length === 0) return undefined
  const words = [...misfits.map(({ why, mend }) => `${why} (${mend})`), ...faults.map(sentence)]
  const way = misfits.length > 0 || blocking.some((fault) => fault.fatal) ? '' : '; or set preflight: warn'
  return blocked(`preflight: ${words.join('; ')}`, `mend these, then deploy again${way}`)
}

/** What the options ask for and this archive, or this CPU, cannot give. */
function misfitsIn(context: Ctx, release: Release): Misfit[] {
  const { arch } = fitnessOf(context)
  const known = ARCHES.some((each) => each === arch)
  const faults = [...nameFaults(context.config), ...(known ? release.faults(arch) : [])]
  return faults.length > 0 ? faults : ownConfigs(context).flatMap((own) => settingsIn(context, own))
}

/** Known before anything is touched only where this version was unpacked already. */
function settingsIn(context: Ctx, own: OwnConfig): Misfit[] {
  const key = `tree:${installed(context).tree}`
  const text = context.view.peek(readShipped(context.view, own, { held: context.holds(key), key }))
  return typeof text === 'string' && text !== '' ? settingFaults(context.config, own, text) : []
}

function faultsIn(context: Ctx, blob: Blob): Fault[] {
  const { prefix } = context.config
  const faults = faultsOf(fitnessOf(context), { archive: blob.name, kib: spaceKiB(blob.size), prefix })
  return context.holds(`link:${prefix}`) ? faults.filter((fault) => !fault.fatal) : faults
}

function warnings(context: Ctx): string[] {
  const { blob } = installed(context)
  const probes = faultsIn(context, blob).map((fault) => fault.probe)
  return probes.length === 0 ? [] : [`preflight warns: ${probes.join(', ')}`]
}

function foreignInstall(context: Ctx): Out | undefined {
  const { prefix } = context.config
  const there = context.view.peek(linkReading(prefix))
  if (there === null || typeof there !== 'object' || context.holds(`link:${prefix}`)) return undefined
  if ('target' in there && there.target.startsWith(`${prefix}-`)) return undefined
  const what = 'target' in there ? `a link to ${there.target}` : 'other' in there ? `a ${there.other}` : 'something'
  return blocked(`${prefix} is ${what} that kcharm did not put there`, `move it away, or set the option prefix`)
}

function inUse(context: Ctx): Out | undefined {
  const live = context.view.peek(sandboxes)
  if (!Array.isArray(live) || live.length === 0) return undefined
  const hint = 'end the pods that run in them, then remove again'
  return blocked(`${live.length} sandboxes still live under its handlers: ${live.slice(0, 3).join(', ')}`, hint)
}

function blocked(message: string, hint: string): Out {
  return { blocked: { message, hint } }
}
