import type { Cell, Key } from '../host/view.ts'
import { canonical, type Json } from '../model/json.ts'

export type Bags = Record<string, Json>

/** What is recorded of a unit when it comes to rest. Lies on its machine, so that no operator's folder is the truth. */
export interface UnitRecord {
  unit: string
  app: string
  charm: string
  state: string
  version?: string
  adopted?: true
  /** Digest of the inputs of the last pass. */
  applied?: string
  bags: Bags
  message?: string
  fault?: { message: string; hint?: string }
  /** Options in force, and which of them came by `config`: what a lost model is rebuilt from. */
  options: Record<string, Json>
  set: string[]
  /** The bytes that it installs from, by resource. */
  resources?: Record<string, { name: string; sha256: string }>
  /** Related units: endpoint and peer. */
  links: { endpoint: string; peer: string; remote: string }[]
  /** What was wanted, tried and taken back. */
  refused?: Refusal
  /** Revisions that an upgrade left and that can be gone back to, oldest first. */
  kept?: KeptRevision[]
  /** An upgrade that was neither proved nor put back rests here in the middle: its operation goes on. */
  open?: string
}

export interface Refusal {
  /** Digest of the options and resources. */
  revision: string
  version: string
  message: string
  hint?: string
  /** It had changed something before it was taken back: it is not tried again unasked. */
  touched: boolean
}

/** A revision as it was in force, and what of it is still on the machine. */
export interface KeptRevision extends Pick<UnitRecord, 'options' | 'set' | 'resources' | 'bags'> {
  version: string
  /** Of one from a folder. */
  charm?: string
  /** The operation that left it: going back undoes it, and all since. */
  op: string
  /** What only this revision needs. */
  keys: Key[]
}

/** The manifest: append-only lines. Their fold is what we put on the machine and what was there before. */
export type Line =
  | { t: 'model'; id: string; name: string }
  | { t: 'begin'; op: string; unit: string; app: string; charm: string; bags: Bags; version?: string; to?: string }
  | Intent
  | { t: 'done'; n: number }
  /** One key of these intents is back to what it was; what came along with it has a line of its own. */
  | { t: 'undone'; unit: string; key: Key; ns: number[] }
  /** Found right, but made by another unit: that one's removal hands it over instead of putting it back. */
  | { t: 'claim'; unit: string; stage: string; key: Key }
  | { t: 'bags'; unit: string; bags: Bags }
  | { t: 'end'; record: UnitRecord }

export interface Intent {
  t: 'intent'
  n: number
  op: string
  unit: string
  stage: string
  key: Key
  /** The key of the change that it came along with, in a compacted manifest. */
  of?: Key
  verb: string
  before: Cell
  after: Cell
  /** Cells that came along, as they were before. */
  sides?: Record<Key, Cell>
  reads?: Key[]
  /** An edit of somebody else's file: undone by its hunks when the file has changed since. */
  edit?: true
  /** What the file was begun with, when the edit made it. */
  ground?: string
  /** Nothing is put back where this edit cannot be. */
  firm?: true
  /** Of a compacted line: whether it was done is not known. */
  open?: true
}

export interface Stretch {
  before: Cell
  after: Cell
  /** Whether this came to be is not known: the step was refused, or cut off. */
  open?: true
}

/** One thing that a unit still has on the machine. */
export interface Holding {
  key: Key
  /** The key of the change that it came with; its own, unless it came along (a dependency of a package). */
  of: Key
  stage: string
  /** What was there before the unit first touched it. */
  before: Cell
  /** What the unit last made of it. */
  after: Cell
  reads: Key[]
  edit: boolean
  ground?: string
  /** See `Intent`; of any of its edits. */
  firm: boolean
  /** Each stretch in which only the unit changed it; between two of them somebody else did. */
  stretches: Stretch[]
  ns: number[]
}

/** Lines that cannot be read (a torn write) are left out: each line stands alone. */
export function parseManifest(text: string): Line[] {
  return text.split('\n').flatMap((line): Line[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line]
    } catch {
      return []
    }
  })
}

export function renderLine(line: Line): string {
  return JSON.stringify(line)
}

/** The last record of each unit, with the bags that it showed since. */
export function recordsOf(lines: Line[]): Map<string, UnitRecord> {
  const records = new Map<string, UnitRecord>()
  for (const line of lines) {
    if (line.t === 'end') records.set(line.record.unit, line.record)
    const known = line.t === 'bags' ? records.get(line.unit) : undefined
    if (line.t === 'bags' && known) records.set(line.unit, { ...known, bags: line.bags })
  }
  return records
}

/** Every unit that the manifest knows, also one that has not come to rest yet. */
export function unitsIn(lines: Line[]): Pick<UnitRecord, 'unit' | 'app' | 'charm'>[] {
  const units = new Map<string, Pick<UnitRecord, 'unit' | 'app' | 'charm'>>()
  for (const line of lines) {
    if (line.t !== 'begin' && line.t !== 'end') continue
    const { unit, app, charm } = line.t === 'begin' ? line : line.record
    units.set(unit, { unit, app, charm })
  }
  return [...units.values()]
}

/** What a unit has on the machine, in the order in which it was made (dependencies before what brought them); with `op`, what that operation did. */
export function holdings(lines: Line[], unit: string, op?: string): Holding[] {
  const known = folded.get(lines)
  const of = known?.length === lines.length ? known.of : new Map<string, Holding[]>()
  folded.set(lines, { length: lines.length, of })
  const key = `${unit} ${op ?? ''}`
  const held = of.get(key) ?? fold(lines, unit, op)
  of.set(key, held)
  return held
}

/** What a unit has made since an operation began, that one included. */
export function holdingsSince(lines: Line[], unit: string, op: string): Holding[] {
  const start = lines.findIndex((line) => line.t === 'begin' && line.unit === unit && line.op === op)
  return start < 0 ? [] : fold(lines.slice(start), unit)
}

/** Lines are only ever added: as long as there are as many, the fold of them is the same. */
const folded = new WeakMap<Line[], { length: number; of: Map<string, Holding[]> }>()

function fold(lines: Line[], unit: string, op?: string): Holding[] {
  const undone = new Set(lines.flatMap((line) => (line.t === 'undone' ? line.ns.map((n) => `${n} ${line.key}`) : [])))
  const done = new Set(lines.flatMap((line) => (line.t === 'done' ? [line.n] : [])))
  const held = new Map<Key, Holding>()
  for (const line of lines) {
    if (line.t !== 'intent' || line.unit !== unit || (op && line.op !== op)) continue
    const still = (key: Key) => !undone.has(`${line.n} ${key}`)
    for (const [key, before] of Object.entries(line.sides ?? {})) {
      if (still(key)) hold(held, { ...line, key, before, edit: false }, { of: line.key, done })
    }
    if (still(line.key)) hold(held, line, { of: line.of ?? line.key, done })
  }
  return [...held.values()].filter((each) => op !== undefined || !isNothing(each))
}

/** Put back by a later step, so that nothing of it is left. */
function isNothing({ key, stretches: [only, ...more] }: Holding): boolean {
  return more.length === 0 && !key.startsWith('svc:') && canonical(only?.before) === canonical(only?.after)
}

export interface OpenOperation {
  op: string
  bags: Bags
  /** The version that it leads to, where it is an upgrade. */
  to?: string
}

/** The operation of a unit that began and has not come to its end, if there is one. */
export function openOperation(lines: Line[], unit: string): OpenOperation | undefined {
  let open: OpenOperation | undefined
  for (const line of lines) {
    if (line.t === 'begin' && line.unit === unit) {
      open ??= { op: line.op, bags: line.bags, ...(line.to === undefined ? {} : { to: line.to }) }
    }
    if (line.t === 'end' && line.record.unit === unit && line.record.open === undefined) open = undefined
  }
  return open
}

/** Never one that was used before: of an intent that did not come to be written, only that it was undone may be known. */
export function nextNumber(lines: Line[]): number {
  const used = (line: Line) => (line.t === 'intent' ? line.n : line.t === 'undone' ? Math.max(0, ...line.ns) : 0)
  return lines.reduce((most, line) => Math.max(most, used(line)), 0) + 1
}

function hold(
  held: Map<Key, Holding>,
  line: Omit<Intent, 'edit'> & { edit?: boolean },
  { of, done }: { of: Key; done: Set<number> },
): void {
  const earlier = held.get(line.key)
  const ground = earlier ? earlier.ground : line.ground
  held.set(line.key, {
    key: line.key,
    of: earlier?.of ?? of,
    stage: line.stage,
    before: earlier ? earlier.before : line.before,
    after: line.after,
    reads: line.reads ?? earlier?.reads ?? [],
    edit: line.edit === true,
    firm: line.firm === true || earlier?.firm === true,
    ...(ground === undefined ? {} : { ground }),
    stretches: stretchesOf(earlier?.stretches ?? [], line, isDone(line, done)),
    ns: [...(earlier?.ns ?? []), line.n],
  })
}

function isDone({ n, op, open }: Pick<Intent, 'n' | 'op' | 'open'>, done: Set<number>): boolean {
  return done.has(n) || (op === COMPACTED && open === undefined)
}

/** The operation of lines that stand for earlier ones. */
export const COMPACTED = 'compacted'

/**
 * An intent on the same `before` as the last one means that the last one was never carried out. One that is not known to be done
 * stays by itself: where it was refused, the one before it is what there is.
 */
function stretchesOf(
  known: Holding['stretches'],
  line: { before: Cell; after: Cell },
  done: boolean,
): Holding['stretches'] {
  const last = known.at(-1)
  const own: Stretch = { before: line.before, after: line.after, ...(done ? {} : { open: true }) }
  if (last === undefined) return [own]
  const earlier = known.slice(0, -1)
  if (canonical(last.before) === canonical(line.before)) return [...earlier, own]
  if (done && canonical(last.after) === canonical(line.before))
    return [...earlier, { before: last.before, after: line.after }]
  return [...known, own]
}
