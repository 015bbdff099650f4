import type { Blob } from './kind.ts'
import type { HostObject } from './objects.ts'
import { isVersion, type Manager } from './package-manager.ts'
import { indexReading } from './repository-index.ts'
import { holdObject, renderRepository, sourcePath } from './repository.ts'

/** A package as an operator asks for it. */
export interface PackageWish {
  manager: Manager
  name: string
  version?: string | undefined
  hold: boolean
  /** Files that it brings and that others of our objects edit. */
  brings?: string[]
  /** Units that it would start by itself. */
  services?: string[]
  /** Where it comes from; absent: the machine's own sources. `name` names its files. */
  repository?: { name: string; url: string; suite: string; components: string[]; key?: Blob | undefined } | undefined
}

/** Key, source and index of its repository, the package, and what holds it at its version: each with an undo of its own. */
export function packagedObjects(wish: PackageWish): HostObject[] {
  const { manager, name, hold } = wish
  return [...repositoryObjects(wish), packageObject(wish), ...(hold ? [holdObject(manager, name)] : [])]
}

/** A repository is asked for a version, and taken unsigned only when that was wanted. */
export function repositoryFault(asked: {
  repository: { url: string; unsigned: boolean } | undefined
  version: string | undefined
  key: Blob | undefined
}): { message: string; hint: string } | undefined {
  const { repository, version, key } = asked
  if (repository === undefined) return undefined
  if (version === undefined) {
    const hint = 'set version: what the repository offers is known only once it has been read'
    return { message: `the repository ${repository.url} needs the version that is to come from it`, hint }
  }
  if (key !== undefined || repository.unsigned) return undefined
  return {
    message: `the repository ${repository.url} has no key to check its packages with`,
    hint: 'give the resource repository-key, or set unsigned: true in repository',
  }
}

/** Another version than the one that is there: an upgrade, of a unit that is at rest on it. */
export function upgradeFault(name: string, installed: string | undefined, asked: string | undefined) {
  if (asked === undefined || installed === undefined || isVersion(asked, installed)) return undefined
  return {
    message: `${name} ${installed} is installed, and ${asked} is asked for`,
    hint: `deploy it as it is first (leave version out), then: kcharm upgrade`,
  }
}

function packageObject({ manager, name, version, hold, brings, services, repository }: PackageWish): HostObject {
  return {
    kind: 'package',
    name,
    manager,
    held: hold,
    ...(brings ? { brings } : {}),
    ...(services ? { services } : {}),
    ...(version === undefined ? {} : { version }),
    ...(repository ? { repositories: [indexReading({ manager, source: sourcePath(manager, repository) }).key] } : {}),
  }
}

function repositoryObjects({ manager, repository }: PackageWish): HostObject[] {
  if (repository === undefined) return []
  const { key, ...where } = repository
  const source = sourcePath(manager, where)
  const keyFile = `${KEY_FOLDERS[manager].at(-1)}/${where.name}.${key?.name.endsWith('.gpg') ? 'gpg' : 'asc'}`
  return [
    ...(key
      ? [...KEY_FOLDERS[manager].map(directory), { kind: 'resource-file', path: keyFile, blob: key } as const]
      : []),
    { kind: 'file', path: source, text: renderRepository(manager, { ...where, ...(key ? { key: keyFile } : {}) }) },
    { kind: 'repository-index', manager, source },
  ]
}

function directory(path: string): HostObject {
  return { kind: 'directory', path }
}

/** Where each looks for keys by custom; SUSE and older Debians may not have the folder yet. */
const KEY_FOLDERS: Record<Manager, string[]> = {
  apt: ['/etc/apt/keyrings'],
  dnf: ['/etc/pki', '/etc/pki/rpm-gpg'],
  zypper: ['/etc/pki', '/etc/pki/rpm-gpg'],
}
