import { KcharmError } from '../errors/index.ts'
import { digest } from '../model/json.ts'
import type { Kind, Undoer } from './kind.ts'
import { path, quote, RUN } from './shell.ts'
import { type Cell, isUnknown, type Key, type Reading, type Value, type View } from './view.ts'

/**
 * A systemd service that runs, is enabled, and has loaded what it reads. `reads` are the readings of the
 * objects that it reads at start: when one of them changes, the service owes a restart.
 */
export interface ServiceObject {
  kind: 'service'
  name: string
  reads: Reading<Cell>[]
}

/**
 * `loaded` is the digest of what it read at its start (from our stamp, when that start was ours), `fresh` or
 * `stale` when the start was not ours (stale: something it reads is younger than the start), `-` when it is not running.
 */
export type ServiceCell = { load: string; active: string; enabled: string; loaded: string }

const serviceUndoer: Undoer = {
  prefix: 'svc',
  reading: serviceReading,
  /** Stops a service that did not run before us, before its files go. */
  halt: (name, to) =>
    (to as ServiceCell | null)?.enabled === 'enabled'
      ? `systemctl stop ${quote(name)}`
      : `systemctl disable --now ${quote(name)} 2>/dev/null || systemctl stop ${quote(name)}`,
  holds(wanted, have) {
    const [want, is] = [wanted as ServiceCell, have as ServiceCell]
    if (want.active !== 'active') return is.active !== 'active'
    return is.active === 'active' && is.loaded === want.loaded
  },
  restore(name, to, from) {
    const before = to as ServiceCell
    if (before.active !== 'active') return `kc_service_forget ${quote(name)} ${stamp(name)}`
    return startScript(name, (from as ServiceCell).loaded)
  },
}

export const service: Kind<ServiceObject> = {
  undo: serviceUndoer,
  reading: (object) => serviceReading(object.name, keys(object)),
  plan(object, view) {
    const before = view.peek(serviceReading(object.name, keys(object)))
    const wanted = loadedDigest(object.reads, view)
    const have: ServiceCell = isUnknown(before) ? nothing : before
    if (have.load === 'masked') throw masked(object.name)
    const after: ServiceCell = { load: 'loaded', active: 'active', enabled: 'enabled', loaded: wanted }
    if (isRight(have, after, touchedAny(object, view))) return undefined
    return {
      key: `svc:${object.name}`,
      verb: `${verb(have)} ${object.name}`,
      before: isAtRest(have) ? nothing : have,
      after,
      sides: {},
      reads: keys(object),
      script: startScript(object.name, wanted),
      ...why(object, have, view),
    }
  },
}

/** The digest that a service has loaded once it is started on what `reads` hold now. */
export function loadedDigest(reads: Reading<Cell>[], view: View): string {
  return digest(
    reads.map((reading): [Key, Value] => {
      const value = view.peek(reading)
      return [reading.key, isUnknown(value) ? value.term : value]
    }),
  )
}

export function serviceReading(name: string, reads: Key[]): Reading<ServiceCell> {
  const paths = reads.flatMap((key) => changesWith(key) ?? [])
  return {
    key: `svc:${name}`,
    lasting: 'cell',
    reads,
    script: ['kc_service', quote(name), stamp(name), ...paths.map(path)].join(' '),
    parse(frame) {
      const [load = 'not-found', active = 'inactive', enabled = '-', loaded = '-'] = frame.split(' ')
      return { load, active, enabled, loaded }
    },
  }
}

/** The path whose time of change is that of what a key names; dpkg writes its list of a package anew with each unpacking. */
function changesWith(key: Key): string | undefined {
  const [, name] = /^pkg:([^/]+)$/.exec(key) ?? []
  return name === undefined ? /^(?:file|link|tree):(.*)$/s.exec(key)?.[1] : `/var/lib/dpkg/info/${name}.list`
}

/**
 * A service as it was found before its package came: recorded with the package, since a machine that starts anew between
 * the two starts the service by itself.
 */
export function foundService(name: string): Reading<ServiceCell> {
  return { ...serviceReading(name, []), key: `found-svc:${name}`, lasting: 'fact', reads: [] }
}

const nothing: ServiceCell = { load: 'not-found', active: 'inactive', enabled: '-', loaded: '-' }

/** Neither runs nor would start: whether its unit file is there by now (a step before may have written it) makes no difference. */
function isAtRest({ active, enabled }: ServiceCell): boolean {
  return active !== 'active' && enabled !== 'enabled'
}

function isRight(have: ServiceCell, after: ServiceCell, touched: boolean): boolean {
  const loaded = have.loaded === 'fresh' ? !touched : have.loaded === after.loaded
  return have.active === 'active' && have.enabled === 'enabled' && loaded
}

function touchedAny(object: ServiceObject, view: View): boolean {
  return object.reads.some((reading) => view.touched(reading.key))
}

function verb(have: ServiceCell): string {
  if (have.active !== 'active') return 'start'
  return have.enabled === 'enabled' ? 'restart' : 'enable and restart'
}

function why(object: ServiceObject, have: ServiceCell, view: View): { why?: string } {
  if (have.active !== 'active') return {}
  const changed = object.reads.map((reading) => reading.key).filter((key) => view.touched(key))
  const words = changed.map((key) => key.slice(key.indexOf(':') + 1)).join(', ')
  return { why: changed.length > 0 ? `it reads ${words}` : 'what it reads has changed since it started' }
}

function masked(name: string): KcharmError {
  return new KcharmError('unit-failed', `${name}.service is masked`, { hint: `run: systemctl unmask ${name}` })
}

function keys(object: ServiceObject): Key[] {
  return object.reads.map((reading) => reading.key)
}

function startScript(name: string, loaded: string): string {
  return `kc_service_start ${quote(name)} ${stamp(name)} ${quote(loaded)}`
}

function stamp(name: string): string {
  return path(`${RUN}/services/${name}`)
}
