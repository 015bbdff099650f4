import type { Blob } from '../../lib/host/kind.ts'
import { linkReading } from '../../lib/host/link.ts'
import type { Config } from './config.ts'
import { blocked, type Ctx, type Out } from './context.ts'
import { fitness } from './fitness.ts'
import { foundKata, usable } from './found.ts'
import { nameFaults } from './handlers.ts'
import { ARCHES, type Layout, layoutOf, NEWEST } from './layout.ts'
import { type Fault, faultsOf, sentence, spaceKiB } from './probes.ts'
import type { Misfit, Release } from './release.ts'
import { type OwnConfig, settingFaults } from './settings.ts'
import { HAND_OVER, installed, ownConfigs, shippedIn, sourceOf } from './source.ts'

/** What keeps this release from this machine: all at once, in words. */
export function unfit(context: Ctx, release: Release): Out | undefined {
  const misfits = misfitsIn(context, release)
  const faults = faultsIn(context)
  const blocking = context.config.preflight === 'warn' ? faults.filter((fault) => fault.fatal) : faults
  if (misfits.length + blocking.length === 0) return undefined
  const words = [...misfits.map(({ why, mend }) => `${why} (${mend})`), ...faults.map(sentence)]
  const way = misfits.length > 0 || blocking.some((fault) => fault.fatal) ? '' : '; or set preflight: warn'
  return blocked(`preflight: ${words.join('; ')}`, `mend these, then deploy again${way}`)
}

/**
 * Everything that stands in the way here, the options' faults among it. Where no archive is given yet the machine is
 * judged for the newest release; throws `unit-blocked` where one is given, or found, that cannot be used.
 */
export function verdictsOf(context: Ctx): { layout: Layout; faults: Fault[] } {
  const { source } = context.config
  if ((source === 'archive' || source === 'auto') && context.resources['kata'] === undefined && isNothing(context)) {
    const { prefix } = context.config
    const faults = faultsOf(fitnessOf(context), { archive: '', kib: spaceKiB(0), prefix })
    return { layout: layoutOf(NEWEST, 'other'), faults }
  }
  const release = installed(context)
  const misfits = misfitsIn(context, release).map(({ why, mend }): Fault => {
    return { probe: 'options', found: why, needed: 'what this archive and machine can give', mend }
  })
  return { layout: release.layout, faults: [...misfits, ...faultsIn(context)] }
}

function isNothing(context: Ctx): boolean {
  return 'message' in sourceOf(context)
}

/** What the preflight let pass, for the status. */
export function warnings(context: Ctx): string[] {
  const probes = faultsIn(context).map((fault) => fault.probe)
  return probes.length === 0 ? [] : [`preflight warns: ${probes.join(', ')}`]
}

/** Something that is not ours stands where the link is to be. */
export function foreignInstall(context: Ctx): Out | undefined {
  const { prefix } = context.config
  const there = context.view.peek(linkReading(prefix))
  if (there === null || typeof there !== 'object' || context.holds(`link:${prefix}`)) return undefined
  if ('target' in there && there.target.startsWith(`${prefix}-`)) return undefined
  const what = 'target' in there ? `a link to ${there.target}` : 'other' in there ? `a ${there.other}` : 'something'
  const found = context.view.read(foundKata(prefix))
  const [mark] = found.marks
  if (mark !== undefined)
    return blocked(`${prefix} is ${what}: ${HAND_OVER[mark.what].what}`, HAND_OVER[mark.what].hint)
  const present = usable(found).some(({ root }) => root === prefix) ? ', or set source: present to use it as it is' : ''
  return blocked(
    `${prefix} is ${what} that kcharm did not put there`,
    `move it away, or set the option prefix${present}`,
  )
}

export function fitnessOf(context: Ctx) {
  return context.view.read(fitness(fitnessNeeds(context.config, context.resources['kata'])))
}

export function fitnessNeeds(config: Config, blob: Blob | undefined) {
  return { prefix: config.prefix, archive: blob?.name ?? '', needKiB: spaceKiB(blob?.size ?? 0) }
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
  const text = context.view.peek(shippedIn(context, own))
  return typeof text === 'string' && text !== '' ? settingFaults(context.config, own, text) : []
}

/** Of what is there already nothing has to be unpacked. */
function faultsIn(context: Ctx): Fault[] {
  const { prefix } = context.config
  const release = sourceOf(context)
  const blob = 'message' in release ? undefined : release.blob
  const faults = faultsOf(fitnessOf(context), { archive: blob?.name ?? '', kib: spaceKiB(blob?.size ?? 0), prefix })
  const unpacked = context.holds(`link:${prefix}`) && context.ascent === undefined
  return blob === undefined || unpacked ? faults.filter((fault) => !fault.fatal) : faults
}
