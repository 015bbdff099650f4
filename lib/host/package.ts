import { KcharmError } from '../errors/index.ts'
import type { Change, Kind, Undoer } from './kind.ts'
import { isVersion, type Manager, WAYS } from './package-manager.ts'
import { foundService, type ServiceCell } from './service.ts'
import { quote } from './shell.ts'
import { type Cell, isUnknown, type Key, type Reading, type Unknown, type Value, type View } from './view.ts'

/** A package of the machine's package manager. Installing it, or another version of it, starts none of `services`. */
export interface PackageObject {
  kind: 'package'
  name: string
  /** Default: apt. */
  manager?: Manager
  /** A version, or what it begins with; absent: what is installed, else the candidate. */
  version?: string
  /** Files that the package brings and that others of our objects edit. */
  brings?: string[]
  /** Units that the package would start by itself; they are kept still until their own object starts them. */
  services?: string[]
  /** Keys of the repositories that it comes from: until they have been read nobody knows what they offer. */
  repositories?: Key[]
  /** We hold it at its version ourselves, so a hold is not in the way of another. */
  held?: boolean
}

/** `config`: only its configuration is left; `partial`: the package manager was cut off in the middle of it. */
export type PackageCell = { state: 'installed' | 'config' | 'partial' | 'none'; version?: string }

const packageUndoer: Undoer = {
  prefix: 'pkg',
  reading: (name) => readingFor(partsOf(name)),
  holds(wanted, have) {
    const [want, is] = [wanted as PackageCell, have as PackageCell]
    return want.state === 'installed' ? want.version === is.version : ['none', 'config'].includes(is.state)
  },
  restore(name, to) {
    const before = to as PackageCell
    const at = partsOf(name)
    if (before.state !== 'installed') return `kc_${at.manager}_remove ${quote(at.name)}`
    return `kc_install ${at.manager} '' ${quote(`${at.name}${at.manager === 'dnf' ? '-' : '='}${before.version ?? ''}`)}`
  },
  awaits: (name) => WAYS[partsOf(name).manager].busy,
}

export const packageKind: Kind<PackageObject> = {
  undo: packageUndoer,
  reading: (object) => packageReading(object.name, object.manager),
  plan(object, view) {
    const before = view.peek(packageReading(object.name, object.manager))
    if (isUnknown(before)) return undefined
    const right = before.state === 'installed' && (!object.version || isVersion(object.version, before.version))
    return right ? undefined : installation(object, before, view)
  },
}

export function packageReading(name: string, manager: Manager = 'apt'): Reading<PackageCell> {
  return readingFor({ manager, name })
}

/** What installing would bring, the package itself included: name to version. Empty: there is no such package. */
export function candidateReading(
  name: string,
  {
    version,
    manager = 'apt',
    offered = 'fact',
  }: { version?: string; manager?: Manager; offered?: 'fact' | 'effect' } = {},
): Reading<Record<string, string>> {
  const ways = WAYS[manager]
  const wanted = ways.spec(name, version)
  return {
    key: `${manager}:${wanted}`,
    lasting: offered,
    script: ways.candidates(wanted),
    parse: (frame) => ways.parse(frame, name),
  }
}

type Parts = { manager: Manager; name: string }

/** `containerd` is apt's; the others have their manager before it, as `dnf/containerd.io`: no name holds a slash. */
function partsOf(name: string): Parts {
  const [, manager, rest] = /^(dnf|zypper)\/(.*)$/s.exec(name) ?? []
  return manager === 'dnf' || manager === 'zypper' ? { manager, name: rest ?? '' } : { manager: 'apt', name }
}

function keyOf({ manager, name }: Parts): Key {
  return `pkg:${manager === 'apt' ? '' : `${manager}/`}${name}`
}

function readingFor(at: Parts): Reading<PackageCell> {
  const read = at.manager === 'apt' ? 'kc_package' : 'kc_rpm'
  return { key: keyOf(at), lasting: 'cell', script: `${read} ${quote(at.name)}`, parse: parsePackage }
}

function installation(object: PackageObject, before: PackageCell, view: View): Change {
  const { name, version: pinned, manager = 'apt', repositories = [] } = object
  const asked = { manager, ...(pinned === undefined ? {} : { version: pinned }) }
  const offered = repositories.length > 0 ? 'effect' : 'fact'
  const brought = view.peek(candidateReading(name, { ...asked, offered }))
  if (isUnknown(brought)) return laterInstallation(object, before, view)
  const version = brought[name]
  if (version === undefined) throw noCandidate(object)
  return {
    key: keyOf({ manager, name }),
    verb: `${before.state === 'installed' ? 'change' : 'install'} ${name}${change(before, version)}${others(name, brought)}`,
    before,
    after: { state: 'installed', version },
    sides: sides(object, { before, version, brought }),
    sidesBefore: sidesBefore(object, { before, brought, view }),
    script: script(object, `${name}${manager === 'dnf' ? '-' : '='}${version}`),
    awaits: WAYS[manager].busy,
  }
}

/**
 * What a repository offers is known once it has been read, and that is a planned change itself. What follows counts on the
 * version that was asked for.
 */
function laterInstallation(object: PackageObject, before: PackageCell, view: View): Change {
  const { name, version = '', manager = 'apt' } = object
  const unknown = 'known once its repository has been read'
  const counted: Record<Key, Cell> =
    version === '' ? {} : { [keyOf({ manager, name })]: { state: 'installed', version } }
  return {
    key: keyOf({ manager, name }),
    verb: `install ${name}${version === '' ? '' : ` ${version}`} (with what it needs: ${unknown})`,
    before,
    after: { unknown, term: `${name} ${version}` },
    sides: { ...sides(object, { before, version, brought: {} }), ...counted },
    sidesBefore: sidesBefore(object, { before, brought: {}, view }),
    why: unknown,
    script: '',
  }
}

function script({ manager = 'apt', services = [], held }: PackageObject, spec: string): string {
  const flags = manager === 'apt' && held ? ' --allow-change-held-packages' : ''
  return `kc_install ${manager} ${quote(services.join(' '))} ${quote(spec)}${flags}`
}

function change(before: PackageCell, version: string): string {
  return before.state === 'installed' ? ` from ${before.version ?? '?'} to ${version}` : ` ${version}`
}

function sides(
  object: PackageObject,
  { before, version, brought }: { before: PackageCell; version: string; brought: Record<string, string> },
): Record<Key, Value> {
  const { name, manager = 'apt' } = object
  const packages = Object.entries(brought).filter(([other]) => other !== name)
  const files = (object.brings ?? []).flatMap((file): [Key, Unknown][] => {
    const value = { unknown: `known once ${name} ${version} is installed`, term: `${file}@${name} ${version}` }
    return [
      [`file:${file}`, value],
      [`text:${file}`, value],
    ]
  })
  const still: ServiceCell = { load: 'loaded', active: 'inactive', enabled: 'enabled', loaded: '-' }
  return Object.fromEntries([
    ...packages.map(([other, v]): [Key, Cell] => [keyOf({ manager, name: other }), { state: 'installed', version: v }]),
    ...files,
    ...stilled(object, before).map((each): [Key, Cell] => [`svc:${each}`, still]),
  ])
}

/** What came along as it was before; a service that the package brings may have been there as well. */
function sidesBefore(
  object: PackageObject,
  { before, brought, view }: { before: PackageCell; brought: Record<string, string>; view: View },
): Record<Key, Cell> {
  const packages = Object.keys(brought).filter((name) => name !== object.name)
  return Object.fromEntries([
    ...packages.map((name): [Key, Cell] => {
      const reading = packageReading(name, object.manager)
      return [reading.key, view.read(reading)]
    }),
    ...stilled(object, before).map((name): [Key, Cell] => [`svc:${name}`, view.read(foundService(name))]),
  ])
}

/** Another version of a package leaves its daemon running on the old program, until its own object restarts it. */
function stilled({ services = [] }: PackageObject, before: PackageCell): string[] {
  return before.state === 'installed' ? [] : services
}

function others(name: string, brought: Record<string, string>): string {
  const rest = Object.entries(brought).filter(([other]) => other !== name)
  return rest.length === 0 ? '' : ` (with ${rest.map(([other, version]) => `${other} ${version}`).join(', ')})`
}

function noCandidate({ name, version, manager = 'apt' }: PackageObject): KcharmError {
  const refresh = { apt: 'apt-get update', dnf: 'dnf makecache', zypper: 'zypper refresh' }[manager]
  const wanted = version ? `${name} ${version}` : name
  return new KcharmError('unit-failed', `the machine's package sources offer no ${wanted}`, {
    hint: `check the package sources of the machine and run \`${refresh}\` there`,
  })
}

function parsePackage(frame: string): PackageCell {
  const [state, version] = frame.split(' ')
  if (state === 'installed' && version) return { state, version }
  return { state: state === 'config' || state === 'partial' ? state : 'none' }
}
