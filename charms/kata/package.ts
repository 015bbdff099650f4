import type { HostObject } from '../../lib/host/objects.ts'
import { type Manager, packageManager } from '../../lib/host/package-manager.ts'
import { packagedObjects, repositoryFault, upgradeFault } from '../../lib/host/packaged.ts'
import { candidateReading, packageReading } from '../../lib/host/package.ts'
import type { Key, Reading } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import type { Ctx } from './context.ts'
import { isAtLeast } from './layout.ts'

/** A distribution's package of Kata, with its version as far as that is known before it is there. */
export interface KataPackage {
  name: string
  version: string
  objects: HostObject[]
  /** What shows that it is ours. */
  key: Key
  /** Where its shim and the one configuration that it has lie. */
  shim: string
  config: string
}

/**
 * Where the packages keep their configuration. Fedora: kata-containers#6395; SUSE: upstream's own place below /usr
 * (kata-containers, src/runtime/Makefile: DEFAULTSDIR).
 */
const PACKAGES = {
  dnf: { name: 'kata-containers', config: '/usr/share/kata-containers/defaults/configuration.toml' },
  zypper: { name: 'katacontainers', config: '/usr/share/defaults/kata-containers/configuration.toml' },
}

/** The name of the repository's files, and of its key. */
const REPOSITORY = 'kcharm-kata'

/** The package, or why this machine cannot have it. */
export function kataPackage(context: Ctx): KataPackage | { message: string; hint: string } {
  const { config, resources, view } = context
  const manager = config.package_manager === 'auto' ? view.read(packageManager) : config.package_manager
  if (manager === undefined || manager === 'apt') return NO_PACKAGE
  const { name, config: file } = PACKAGES[manager]
  const key = resources['repository-key']
  const cell = packageReading(name, manager)
  const installed = view.read(cell)
  const fault =
    repositoryFault({ repository: config.repository, version: config.version, key }) ??
    (context.ascent ? undefined : upgradeFault(name, installed.version, config.version))
  if (fault !== undefined) return fault
  const found =
    (context.ascent && config.version) ?? installed.version ?? config.version ?? candidate(context, manager, name)
  const version = /\d+\.\d+\.\d+/.exec(found ?? '')?.[0]
  if (version === undefined) return notOffered(manager, name)
  if (!isAtLeast(version, '2.0.0')) return tooOld(name, version)
  const { repository: from, hold } = config
  const repository = from && { name: REPOSITORY, url: from.url, suite: '', components: [], key }
  const objects = packagedObjects({ manager, name, version: config.version, hold, repository })
  return { name, version, objects, key: cell.key, shim: '/usr/bin/containerd-shim-kata-v2', config: file }
}

/** What is sure to be asked of a machine whose Kata comes in a package. */
export function packageReadings({ package_manager: manager }: Config): Reading<unknown>[] {
  return manager === 'auto' ? [packageManager] : [packageReading(PACKAGES[manager].name, manager)]
}

/** The package is there, and we have put it there. */
export function holdsPackage({ holds }: Ctx): boolean {
  return (['dnf', 'zypper'] as const).some((manager) => holds(packageReading(PACKAGES[manager].name, manager).key))
}

function candidate({ view }: Ctx, manager: Manager, name: string): string | undefined {
  return view.read(candidateReading(name, { manager }))[name]
}

const NO_PACKAGE = {
  message: 'the distribution of this machine has no package of Kata: only those with dnf or zypper have one',
  hint: 'set source: archive',
}

function notOffered(manager: Manager, name: string): { message: string; hint: string } {
  const refresh = manager === 'dnf' ? 'dnf makecache' : 'zypper refresh'
  return {
    message: `the machine’s package sources offer no ${name}`,
    hint: `run \`${refresh}\` there, name one with the option repository, or set source: archive`,
  }
}

/** What SUSE's own repositories have had since upstream's documents left them out (kata-containers, docs, 2.1.0). */
function tooOld(name: string, version: string): { message: string; hint: string } {
  return {
    message: `the package ${name} is Kata ${version}, whose shim and proxy no containerd 2 knows`,
    hint: 'name a repository with Kata 2 or later, or set source: archive',
  }
}
