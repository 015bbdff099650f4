import type { HostObject } from '../../lib/host/objects.ts'
import { check, type Check } from '../../lib/lifecycle/charm.ts'
import { canonical } from '../../lib/model/json.ts'
import { classicLinks } from './classic-links.ts'
import { configObjects } from './configure.ts'
import { inUse, leavesPlace } from './in-use.ts'
import { blocked, type Ctx, type Out } from './context.ts'
import { MODULES } from './fitness.ts'
import { handlersOf, namesOf, type Wired } from './handlers.ts'
import { fitnessOf, foreignInstall, unfit, warnings } from './judge.ts'
import { kvmMachine } from './kvm-machine.ts'
import { shimState } from './observe.ts'
import { kvmFault, sentence } from './probes.ts'
import type { Release } from './release.ts'
import type { OwnConfig } from './settings.ts'
import { preUpgrade, staging } from './upgrades.ts'
import { configPathIn, installed, ownConfigs, shippedIn, sourceOf } from './source.ts'

export const MODULES_LOAD = '/etc/modules-load.d/kcharm-kata.conf'

/** Can this machine run Kata, and is the place free? Looks only, and says all faults at once. */
export function preflight(context: Ctx): Out {
  const release = sourceOf(context)
  if ('message' in release) return blocked(release.message, release.hint)
  const foreign = release.blob === undefined ? undefined : foreignInstall(context)
  return foreign ?? unfit(context, release) ?? leavesPlace(context, release) ?? { checks: kvmChecks(context, release) }
}

/** Before anything is installed; what was let pass by `warn` is not asked again. */
function kvmChecks({ config, holds }: Ctx, { install }: Release): Check[] {
  if (config.preflight === 'warn' || install === undefined || holds(install.key)) return []
  return [
    check('preflight', kvmMachine, (made) =>
      made === 'busy' || made === 'broken' ? sentence(kvmFault(made)) : undefined,
    ),
  ]
}

export function unpacking(context: Ctx): Out {
  return { objects: installed(context).install?.objects ?? [], checks: shimChecks(context) }
}

/** The kernel modules, and the handlers offered to the runtime. */
export function configuring(context: Ctx): Out {
  const fit = fitnessOf(context)
  const modules = MODULES.filter((name) => /^(loaded|available)$/.test(fit.modules[name] ?? ''))
  const objects: HostObject[] = modules.map((name) => ({ kind: 'kernel-module', name }))
  if (modules.length > 0) {
    objects.push({ kind: 'file', path: MODULES_LOAD, text: `# Written by kcharm.\n${modules.join('\n')}\n` })
  }
  objects.push(...ownConfigs(context).flatMap((own) => configObjects(context.config, own, shippedTo(context, own))))
  if (context.config.links === 'classic') objects.push(...classicLinks(installed(context), fit.arch))
  return { objects, publish: { runtime: { handlers: wiredOf(context).map(({ handler }) => handler) } } }
}

export function proving(context: Ctx): Out {
  const { layout, install, root } = installed(context)
  const { version } = layout
  const adopted = install === undefined
  const where = adopted ? ` as it was found at ${root}` : ''
  const words = `Kata ${version}${where}, handlers ${namesOf(context.config).join(', ')}`
  return {
    checks: shimChecks(context),
    version,
    ...(adopted ? { adopted } : {}),
    message: [words, ...warnings(context)].join('; '),
  }
}

/** Withdraws the handlers, unless somebody still lives in a sandbox. */
export function unwiring(context: Ctx): Out {
  return inUse(context, 'remove') ?? { publish: { runtime: { handlers: [] } } }
}

/** The runtime has let go of the handlers; a last look before the files go. */
export function releasing(context: Ctx): Out {
  return inUse(context, 'remove') ?? {}
}

export const stages = { preflight, unpacking, configuring, proving, preUpgrade, staging, unwiring, releasing }

export const waits = {
  /** As they are wanted now: a handler that was changed is not the one of that name which was loaded before. */
  loaded: (context: Ctx) => {
    const mine = (context.published('runtime')?.handlers ?? []).map(canonical)
    const peers = context.peers('runtime')
    return peers.length > 0 && peers.every(({ bag }) => mine.every((each) => bag?.loaded.map(canonical).includes(each)))
  },
  unwired: (context: Ctx) => {
    const mine = (context.published('runtime')?.handlers ?? []).map((handler) => handler.name)
    const names = [...mine, ...namesOf(context.config)]
    return context.peers('runtime').every((peer) => !peer.bag?.wired.some((name) => names.includes(name)))
  },
}

function wiredOf(context: Ctx): Wired[] {
  return handlersOf(context.config, installed(context), (shim) => configPathIn(context, shim))
}

function shippedTo(context: Ctx, own: OwnConfig): { shipped(): string; fresh: boolean } {
  const reading = shippedIn(context, own)
  return { shipped: () => context.view.read(reading), fresh: !context.holds(`file:${own.main}`) }
}

function shimChecks(context: Ctx): Check[] {
  const { layout, paths } = installed(context)
  return context.config.shims.map((shim) => {
    const { binary, config } = paths(shim)
    return check(`shim ${shim}`, shimState({ binary, config }), (state) => {
      if (state.version === undefined) return `${binary} does not answer --version; has what was installed this shim?`
      if (state.version !== layout.version)
        return `${binary} is of version ${state.version}, expected ${layout.version}`
      return state.config ? undefined : `${config} is not there: it is missing from what was installed`
    })
  })
}
