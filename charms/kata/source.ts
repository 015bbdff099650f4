import { KcharmError } from '../../lib/errors/index.ts'
import { readShipped } from './configure.ts'
import type { Ctx } from './context.ts'
import { type Found, foundKata, type Mark, usable } from './found.ts'
import { holdsPackage, kataPackage } from './package.ts'
import { packagedRelease, presentRelease, type Release, releaseOf } from './release.ts'
import { configPathOf, type OwnConfig, ownConfigOf } from './settings.ts'
import type { ShimName } from './shims.ts'
import type { Reading } from '../../lib/host/view.ts'

/** Why there is no Kata to be in force, and what can be done. */
export interface Nothing {
  message: string
  hint: string
}

/** Which Kata is to be in force here: `auto` goes on with its own archive, else takes what it finds, else unpacks one. */
export function sourceOf(context: Ctx): Release | Nothing {
  const { source, prefix } = context.config
  if (source === 'archive' || (source === 'auto' && context.holds(`link:${prefix}`))) return fromArchive(context)
  if (source === 'package') return fromPackage(context)
  const found = context.view.read(foundKata(prefix))
  const [first] = usable(found).filter(({ root }) => !isOurs(context, root))
  if (first !== undefined) return presentRelease(context.config, first)
  return source === 'auto' && found.marks.length === 0 ? fromArchive(context) : notFound(found)
}

/** What kcharm itself put there is no other's, and goes when it is no longer wanted. */
function isOurs(context: Ctx, root: string): boolean {
  const { prefix } = context.config
  return (root === prefix && context.holds(`link:${prefix}`)) || (root === '/usr' && holdsPackage(context))
}

/** The same, once the preflight is content. */
export function installed(context: Ctx): Release {
  const source = sourceOf(context)
  if ('message' in source) throw new KcharmError('unit-blocked', source.message, { hint: source.hint })
  return source
}

/** Where the configuration of a shim lies now. */
export function configPathIn(context: Ctx, shim: ShimName): string {
  return configPathOf(context.config, installed(context), shim)
}

export function ownConfigs(context: Ctx): OwnConfig[] {
  const release = installed(context)
  return context.config.shims.flatMap((shim) => ownConfigOf(context.config, release, shim) ?? [])
}

export function shippedIn(context: Ctx, own: OwnConfig): Reading<string> {
  const key = installed(context).install?.key
  return readShipped(context.view, own, key === undefined ? undefined : { held: context.holds(key), key })
}

/** What each of them is, and how its machine comes to kcharm. */
export const HAND_OVER: Record<Mark, { what: string; hint: string }> = {
  'kata-deploy': {
    what: 'kata-deploy has installed Kata here, and would put it back',
    hint: 'take this node out of its DaemonSet and let it clean up (helm uninstall kata-deploy, or its nodeSelector), then deploy again',
  },
  snap: {
    what: 'Kata is here as a snap, which upstream gave up with 3.2.0',
    hint: 'snap remove kata-containers, take its runtime out of containerd’s configuration, then deploy again with an archive',
  },
  'kata-1': {
    what: 'Kata 1.x is here, whose shim and proxy no containerd 2 knows',
    hint: 'remove its packages (kata-runtime, kata-proxy, kata-shim), then deploy again with an archive',
  },
}

function fromArchive(context: Ctx): Release | Nothing {
  const blob = context.resources['kata']
  if (blob === undefined) {
    const hint = 'give one: --resource kata:kata=kata-static-VERSION-amd64.tar.xz'
    return { message: 'the resource `kata` has no file', hint }
  }
  const message = `${blob.name} does not say which version it holds`
  return releaseOf(context.config, blob) ?? { message, hint: 'set the option version' }
}

function fromPackage(context: Ctx): Release | Nothing {
  const found = kataPackage(context)
  return 'message' in found ? found : packagedRelease(context.config, found)
}

function notFound({ marks, katas }: Found): Nothing {
  const [mark] = marks
  if (mark !== undefined)
    return { message: `${HAND_OVER[mark.what].what} (${mark.path})`, hint: HAND_OVER[mark.what].hint }
  const broken = katas.map(({ root }) => root).join(', ')
  return {
    message: `source is present, but ${broken === '' ? 'no Kata was found' : `the Kata at ${broken} has no shim that answers`}`,
    hint: 'looked below /opt/kata, in homes, /usr/local and /usr; or set source: archive',
  }
}
