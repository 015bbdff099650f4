import type { FileCell } from '../host/file.ts'
import type { Change } from '../host/kind.ts'
import { holds } from '../host/objects.ts'
import type { ServiceCell } from '../host/service.ts'
import { type Cell, isUnknown, type Key, type Reading, type View } from '../host/view.ts'
import { StepFailed } from '../lifecycle/ask.ts'
import type { Line } from '../lifecycle/manifest.ts'
import { canonical, sha256 } from '../model/json.ts'

/** A package that the machine's sources offer, and what it brings. */
export interface MemoryPackage {
  version: string
  with: Record<string, string>
  files: Record<string, string>
  services: string[]
}

/** What a machine is made of besides its cells: packages to be had, and what programs on it would report. */
export interface Fixtures {
  packages: Record<string, MemoryPackage>
  /** Facts and effects by reading key; computed from the cells, so that they follow what was done. */
  report(key: Key, machine: MemoryMachine): unknown
}

/** A machine in memory: cells, texts, backups and a durable manifest. It keeps what was written before a crash, and nothing else. */
export class MemoryMachine {
  readonly fixtures: Fixtures
  cells = new Map<Key, Cell>()
  texts = new Map<string, string>()
  backups = new Map<string, string>()
  lines: Line[] = []

  constructor(fixtures: Fixtures) {
    this.fixtures = fixtures
  }

  clone(): MemoryMachine {
    const copy = new MemoryMachine(this.fixtures)
    copy.cells = new Map(this.cells)
    copy.texts = new Map(this.texts)
    copy.backups = this.backups
    copy.lines = [...this.lines]
    return copy
  }

  /** Cells that differ from an untouched machine's, and texts: what two machines are compared by. */
  net(): string {
    const cells = [...this.cells].filter(([key, cell]) => canonical(cell) !== canonical(untouched(key)))
    return canonical([cells.sort(), [...this.texts].sort()])
  }

  putFile(path: string, text: string): void {
    this.cells.set(`file:${path}`, fileCell(text))
    this.texts.set(path, text)
  }

  view(touched: Set<Key>): View {
    const peek = <T>(reading: Reading<T>): T => this.value(reading.key) as T
    return { peek, read: peek, touched: (key) => touched.has(key) }
  }

  value(key: Key): unknown {
    const [prefix = '', name = ''] = split(key)
    if (prefix === 'text') return this.texts.get(name) ?? ''
    if (prefix === 'backup') return this.backups.get(name)
    if (prefix === 'apt') return this.candidates(name)
    if (/^(copy|output|file|dir|link|tree|mod|pkg|svc|hold|index|blob)$/.test(prefix))
      return this.cells.get(key) ?? untouched(key)
    if (prefix === 'found-svc') return this.value(`svc:${name}`)
    return this.fixtures.report(key, this)
  }

  /** The write itself; the manifest lines around it are the caller's. */
  write(change: Change): void {
    if (isUnknown(change.after)) throw new Error(`${change.key}: nothing known to write`)
    const [prefix = '', name = ''] = split(change.key)
    if (prefix === 'file') this.writeFile(name, change)
    else if (prefix === 'pkg') this.writePackage(name, change.after as { state: string; version?: string })
    else this.cells.set(change.key, change.after)
    if (!holds(change.key, change.after, this.value(change.key) as Cell))
      throw new StepFailed(`${change.verb}: not as wanted`)
  }

  private writeFile(path: string, change: Change): void {
    const cell = change.after as FileCell
    const text = change.sides[`text:${path}`]
    this.keep(path)
    if (cell === null) {
      this.cells.delete(`file:${path}`)
      this.texts.delete(path)
    } else {
      this.cells.set(`file:${path}`, cell)
      this.texts.set(path, typeof text === 'string' ? text : (this.backups.get('sha' in cell ? cell.sha : '') ?? ''))
    }
    this.keep(path)
    this.outdate()
  }

  private keep(path: string): void {
    const text = this.texts.get(path)
    if (text !== undefined) this.backups.set(sha256(text), text)
  }

  /** A service whose start was not ours has not read what changed since. */
  private outdate(): void {
    for (const [key, cell] of this.cells) {
      const service = cell as ServiceCell | null
      if (key.startsWith('svc:') && service?.loaded === 'fresh') this.cells.set(key, { ...service, loaded: 'stale' })
    }
  }

  private writePackage(name: string, after: { state: string; version?: string }): void {
    const known = this.fixtures.packages[name]
    const before = this.cells.get(`pkg:${name}`) as { state: string } | undefined
    if (after.state === 'installed' && before?.state === 'installed') {
      this.cells.set(`pkg:${name}`, after)
      this.outdate()
    } else if (after.state === 'installed') {
      for (const [each, version] of Object.entries(known?.with ?? {}))
        this.cells.set(`pkg:${each}`, { state: 'installed', version })
      for (const [path, text] of Object.entries(known?.files ?? {})) if (!this.texts.has(path)) this.putFile(path, text)
      for (const each of known?.services ?? []) this.cells.set(`svc:${each}`, still)
      this.cells.set(`pkg:${name}`, { state: 'installed', version: after.version ?? known?.version ?? '' })
    }
    if (after.state === 'installed') return
    this.cells.delete(`pkg:${name}`)
    for (const each of known?.services ?? []) this.cells.delete(`svc:${each}`)
    for (const [path, text] of Object.entries(known?.files ?? {})) {
      if (this.texts.get(path) !== text) continue
      this.texts.delete(path)
      this.cells.delete(`file:${path}`)
    }
  }

  private candidates(wanted: string): Record<string, string> {
    const [name = '', version] = wanted.split('=')
    const known = this.fixtures.packages[name]
    return known ? { ...known.with, [name]: version?.replace(/\*$/, '') ?? known.version } : {}
  }
}

const still: Cell = { load: 'loaded', active: 'inactive', enabled: 'enabled', loaded: '-' }

export function fileCell(text: string): Cell {
  return { mode: '0644', owner: 'root:root', size: Buffer.byteLength(text), sha: sha256(text) }
}

export function untouched(key: Key): Cell {
  if (key.startsWith('mod:')) return { loaded: false }
  if (key.startsWith('hold:')) return 'free'
  if (key.startsWith('index:')) return 'unread'
  if (key.startsWith('pkg:')) return { state: 'none' }
  if (key.startsWith('svc:')) return { load: 'not-found', active: 'inactive', enabled: '-', loaded: '-' }
  return null
}

function split(key: Key): [string, string] {
  const colon = key.indexOf(':')
  return [key.slice(0, colon), key.slice(colon + 1)]
}
