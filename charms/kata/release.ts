import type { Blob } from '../../lib/host/kind.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import type { Key } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import type { FoundKata } from './found.ts'
import type { KataPackage } from './package.ts'
import { type Layout, layoutOf, readArchiveName } from './layout.ts'
import { refusalOf, refusedEverywhere, type ShimName, shimOf, shimPaths } from './shims.ts'

/** Something that is asked for and cannot be had. */
export interface Misfit {
  why: string
  mend: string
}

/** The Kata that is to be in force: an archive of ours, or what somebody else put there. */
export interface Release {
  layout: Layout
  /** Where it is ours: what puts it on the machine, and the key by which it is held. Absent: another's, left as it is. */
  install?: { objects: HostObject[]; key: Key }
  /** Only of an archive, which has a place of its own and may not be at home in /opt. */
  blob?: Blob
  /** Where an archive's own version stands, beside the others. */
  tree?: string
  /** Where it is, for people. */
  root: string
  /** What paths in its configurations must begin with, which say /opt/kata. */
  base: string
  /** Binary and configuration of a shim, as handlers name them. */
  paths(shim: ShimName): { binary: string; config: string }
  /** The configuration that a copy of ours starts from. */
  shipped(shim: ShimName): string
  /** What is asked of it and it cannot give on this CPU (in uname's words), all at once. */
  faults(arch: string): Misfit[]
}

/** Nothing when neither the options nor the file name say which version it is. */
export function releaseOf(config: Config, blob: Blob): Release | undefined {
  const said = readArchiveName(blob.name)
  const version = config.version ?? said.version
  if (version === undefined) return undefined
  const layout = layoutOf(version, said.kind)
  const tree = `${config.prefix}-${version}`
  return {
    layout,
    install: { objects: archiveObjects(config, blob, tree), key: `tree:${tree}` },
    blob,
    tree,
    root: config.prefix,
    base: config.prefix,
    paths: (shim) => shimPaths(config.prefix, layout, shim),
    shipped: (shim) => shimPaths(tree, layout, shim).config,
    faults(arch) {
      if (said.kind === 'tools') {
        return [{ why: `${blob.name} holds tools, and no runtime`, mend: `give kata-static-${version} instead` }]
      }
      if (said.arch !== undefined && said.arch !== arch) {
        const mend = 'give each kind of machine its own application, with the archive for its CPU'
        return [{ why: `${blob.name} is for ${said.arch}, and this machine is ${arch || 'unknown'}`, mend }]
      }
      return config.shims.flatMap((shim) => refusalOf(shim, layout, arch) ?? [])
    },
  }
}

function archiveObjects({ prefix }: Config, blob: Blob, tree: string): HostObject[] {
  return [
    { kind: 'archive', path: tree, blob, prefix: 'opt/kata' },
    { kind: 'link', path: prefix, target: tree },
  ]
}

/** A distribution's package: the Go shim, and one configuration, which is of QEMU. */
export function packagedRelease(
  config: Config,
  { name, version, objects, key, shim: binary, config: file }: KataPackage,
): Release {
  const layout = { ...layoutOf(version, 'other'), runtimes: ['go'] as const }
  return {
    layout,
    install: { objects, key },
    root: '/usr',
    base: '/opt/kata',
    paths: () => ({ binary, config: file }),
    shipped: () => file,
    faults: () =>
      config.shims
        .filter((shim) => shim !== 'qemu')
        .map((shim) => ({
          why: `the package ${name} has no shim ${shim}: its one configuration is of QEMU`,
          mend: 'take it out of shims, or set source: archive',
        })),
  }
}

/** Another's Kata as it stands: nothing of it is written, and nothing of it goes when the unit does. */
export function presentRelease(config: Config, found: FoundKata): Release {
  const version = found.shims[0]?.version ?? ''
  const layout = layoutOf(version, 'other')
  const binary = (shim: ShimName) => found.shims.find(({ runtime }) => runtime === shimOf(shim).runtime)?.path
  const file = (shim: ShimName) => configIn(found, shim)
  const paths = (shim: ShimName) => ({ binary: binary(shim) ?? '', config: file(shim) ?? '' })
  return {
    layout,
    root: found.root,
    base: found.kind === 'tree' ? found.root : '/opt/kata',
    paths,
    shipped: (shim) => paths(shim).config,
    faults() {
      const missing = config.shims.filter((shim) => binary(shim) === undefined || file(shim) === undefined)
      const other = config.version !== undefined && config.version !== version
      return [
        ...config.shims.flatMap((shim) => refusedEverywhere(shim) ?? []),
        ...missing.map((shim) => ({
          why: `the Kata at ${found.root} has no shim ${shim}`,
          mend: 'take it out of shims',
        })),
        ...(other
          ? [
              {
                why: `the Kata at ${found.root} is ${version}, not ${config.version}`,
                mend: 'take out the option version',
              },
            ]
          : []),
      ]
    },
  }
}

/** A source build or package may have one configuration only, without a shim's name. */
function configIn({ configs, kind }: FoundKata, shim: ShimName): string | undefined {
  const named = configs.find((each) => each.endsWith(`/configuration-${shim}.toml`))
  const plain = configs.find((each) => each.endsWith('/configuration.toml') && !each.includes('runtime-rs'))
  return named ?? (kind === 'system' && shim === 'qemu' ? plain : undefined)
}
