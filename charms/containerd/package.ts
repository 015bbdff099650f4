import type { HostObject } from '../../lib/host/objects.ts'
import { isVersion, type Manager, packageManager } from '../../lib/host/package-manager.ts'
import { packageReading } from '../../lib/host/package.ts'
import { holdObject, renderRepository, sourcePath } from '../../lib/host/repository.ts'
import { indexReading } from '../../lib/host/repository-index.ts'
import { path } from '../../lib/host/shell.ts'
import type { Blob } from '../../lib/host/kind.ts'
import type { Reading, View } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import { CONFIG, versionIn } from './observe.ts'

/** The package that containerd comes in, and where that comes from. */
export interface FromPackage {
  by: 'package'
  manager: Manager
  name: string
  /** The daemon's version as far as it is installed. */
  version: string | undefined
  /** The package's own version, as its manager writes it. */
  installed: string | undefined
  objects: HostObject[]
}

/** Packages that hold a containerd: the distribution's, and Docker's. */
export const PACKAGES = ['containerd', 'containerd.io']

/** The name of the repository's files, and of its key. */
const NAME = 'kcharm-containerd'

export function managerOf({ package_manager: wanted }: Config, view: View): Manager | undefined {
  return wanted === 'auto' ? view.read(packageManager) : wanted
}

/** Which of the packages is there, if one is; looks with the machine's own manager. */
export function packageThere(manager: Manager | undefined, view: View): string | undefined {
  if (manager === undefined) return undefined
  return PACKAGES.find((name) => view.read(packageReading(name, manager)).state === 'installed')
}

export function fromPackage(
  config: Config,
  at: { manager: Manager; name: string; key: Blob | undefined; view: View },
): FromPackage {
  const { manager, name, view } = at
  const cell = view.read(packageReading(name, manager))
  const installed = cell.state === 'installed' ? cell.version : undefined
  return {
    by: 'package',
    manager,
    name,
    installed,
    version: installed === undefined ? undefined : versionIn(installed),
    objects: [...repositoryObjects(config, at), packageObject(config, at), ...holdObjects(config, at)],
  }
}

/** The version that is asked for, when another one is there. */
export function otherPackage({ version }: Config, { installed }: FromPackage): string | undefined {
  return version === undefined || installed === undefined || isVersion(version, installed) ? undefined : version
}

function packageObject(config: Config, { manager, name }: { manager: Manager; name: string }): HostObject {
  return {
    kind: 'package',
    name,
    manager,
    brings: [CONFIG],
    services: ['containerd'],
    held: config.hold,
    ...(config.version === undefined ? {} : { version: config.version }),
    ...(config.repository ? { repositories: [indexReading({ manager, source: sourceOf(manager) }).key] } : {}),
  }
}

function holdObjects({ hold }: Config, { manager, name }: { manager: Manager; name: string }): HostObject[] {
  return hold ? [holdObject(manager, name)] : []
}

function repositoryObjects(
  { repository }: Config,
  { manager, key, view }: { manager: Manager; key: Blob | undefined; view: View },
): HostObject[] {
  if (repository === undefined) return []
  const { url, components } = repository
  const suite = repository.suite ?? (manager === 'apt' ? view.read(codename) : '')
  const keyFile = `${KEYS[manager]}/${NAME}.${key?.name.endsWith('.gpg') ? 'gpg' : 'asc'}`
  const text = renderRepository(manager, { name: NAME, url, suite, components, ...(key ? { key: keyFile } : {}) })
  return [
    ...(key ? [{ kind: 'resource-file', path: keyFile, blob: key } as const] : []),
    { kind: 'file', path: sourceOf(manager), text },
    { kind: 'repository-index', manager, source: sourceOf(manager) },
  ]
}

const KEYS: Record<Manager, string> = {
  apt: '/etc/apt/keyrings',
  dnf: '/etc/pki/rpm-gpg',
  zypper: '/etc/pki/rpm-gpg',
}

function sourceOf(manager: Manager): string {
  return sourcePath(manager, { name: NAME })
}

/** Debian's and Ubuntu's name for their release: the suite of repositories made for it. */
const codename: Reading<string> = {
  key: 'machine:codename',
  lasting: 'fact',
  script: `sed -n 's/^VERSION_CODENAME=//p' ${path('/etc/os-release')}`,
  parse: (frame) => frame.trim(),
}
