import { KcharmError } from '../errors/index.ts'
import type { Change, Kind, Undoer } from './kind.ts'
import { foundService, type ServiceCell } from './service.ts'
import { quote } from './shell.ts'
import { type Cell, isUnknown, type Key, type Reading, type Unknown, type Value, type View } from './view.ts'

/** A package of the distribution (apt). Installing it starts none of `services`. */
export interface PackageObject {
  kind: 'package'
  name: string
  /** An exact version of the package manager; absent: what is installed, else its candidate. */
  version?: string
  /** Files that the package brings and that others of our objects edit. */
  brings?: string[]
  /** Units that the package would start by itself; they are kept still until their own object starts them. */
  services?: string[]
}

/** `config`: only its configuration is left; `partial`: dpkg was cut off in the middle of it. */
export type PackageCell = { state: 'installed' | 'config' | 'partial' | 'none'; version?: string }

const packageUndoer: Undoer = {
  prefix: 'pkg',
  reading: (name) => packageReading(name),
  holds(wanted, have) {
    const [want, is] = [wanted as PackageCell, have as PackageCell]
    return want.state === 'installed' ? want.version === is.version : ['none', 'config'].includes(is.state)
  },
  restore(name, to) {
    const before = to as PackageCell
    if (before.state === 'installed') throw new Error(`going back to another version of ${name} is not possible yet`)
    return `kc_apt_remove ${quote(name)}`
  },
}

export const packageKind: Kind<PackageObject> = {
  undo: packageUndoer,
  reading: (object) => packageReading(object.name),
  plan(object, view) {
    const before = view.peek(packageReading(object.name))
    if (isUnknown(before)) return undefined
    const right = before.state === 'installed' && (!object.version || object.version === before.version)
    return right ? undefined : installation(object, before, view)
  },
}

export function packageReading(name: string): Reading<PackageCell> {
  return { key: `pkg:${name}`, lasting: 'cell', script: `kc_package ${quote(name)}`, parse: parsePackage }
}

/** What installing would bring, the package itself included: name to version. Empty: there is no such package. */
export function candidateReading(name: string, version?: string): Reading<Record<string, string>> {
  const wanted = version === undefined ? name : `${name}=${version}`
  return {
    key: `apt:${wanted}`,
    lasting: 'fact',
    script: `kc_apt_candidates ${quote(wanted)}`,
    parse(frame) {
      const found = [...frame.matchAll(/^(Inst|Conf) (\S+) .*?\((\S+) /gm)]
      const counts = found.filter(([, verb, each]) => verb === 'Inst' || each === name) // half-installed: only configured
      return Object.fromEntries(counts.map(([, , each, candidate]) => [each, candidate]))
    },
  }
}

function installation(object: PackageObject, before: PackageCell, view: View): Change {
  const brought = view.read(candidateReading(object.name, object.version))
  const version = brought[object.name]
  if (version === undefined) throw noCandidate(object)
  return {
    key: `pkg:${object.name}`,
    verb: `install ${object.name} ${version}${others(object.name, brought)}`,
    before,
    after: { state: 'installed', version },
    sides: sides(object, version, brought),
    sidesBefore: sidesBefore(object, brought, view),
    script: `kc_apt_install ${quote((object.services ?? []).join(' '))} ${quote(`${object.name}=${version}`)}`,
  }
}

function sides(object: PackageObject, version: string, brought: Record<string, string>): Record<Key, Value> {
  const packages = Object.entries(brought).filter(([name]) => name !== object.name)
  const files = (object.brings ?? []).flatMap((name): [Key, Unknown][] => {
    const value = {
      unknown: `known once ${object.name} ${version} is installed`,
      term: `${name}@${object.name} ${version}`,
    }
    return [
      [`file:${name}`, value],
      [`text:${name}`, value],
    ]
  })
  const still: ServiceCell = { load: 'loaded', active: 'inactive', enabled: 'enabled', loaded: '-' }
  return Object.fromEntries([
    ...packages.map(([name, v]): [Key, Cell] => [`pkg:${name}`, { state: 'installed', version: v }]),
    ...files,
    ...(object.services ?? []).map((name): [Key, Cell] => [`svc:${name}`, still]),
  ])
}

/** Packages that come along were not there before; a service that the package brings may have been. */
function sidesBefore(object: PackageObject, brought: Record<string, string>, view: View): Record<Key, Cell> {
  const packages = Object.keys(brought).filter((name) => name !== object.name)
  return Object.fromEntries([
    ...packages.map((name): [Key, Cell] => [`pkg:${name}`, { state: 'none' }]),
    ...(object.services ?? []).map((name): [Key, Cell] => [`svc:${name}`, view.read(foundService(name))]),
  ])
}

function others(name: string, brought: Record<string, string>): string {
  const rest = Object.entries(brought).filter(([other]) => other !== name)
  return rest.length === 0 ? '' : ` (with ${rest.map(([other, version]) => `${other} ${version}`).join(', ')})`
}

function noCandidate(object: PackageObject): KcharmError {
  const wanted = object.version ? `${object.name} ${object.version}` : object.name
  return new KcharmError('unit-failed', `the machine's package sources offer no ${wanted}`, {
    hint: 'check the package sources of the machine and run `apt-get update` there',
  })
}

function parsePackage(frame: string): PackageCell {
  const [state, version] = frame.split(' ')
  if (state === 'installed' && version) return { state, version }
  return { state: state === 'config' || state === 'partial' ? state : 'none' }
}
