import type { Key } from '../host/view.ts'
import { type Ask, StepFailed, type Surroundings } from '../lifecycle/ask.ts'
import { make, moves } from '../lifecycle/driver.ts'
import { holdings, openOperation, recordsOf } from '../lifecycle/manifest.ts'
import { isRefused, want } from '../lifecycle/revision.ts'
import { inputsDigest, isGone, type Revision, type Site, stateOf, statusOf, type Unit } from '../lifecycle/unit.ts'
import { charmKey } from '../model/charm-of.ts'
import { canonical } from '../model/json.ts'
import type { MemoryMachine } from './memory-machine.ts'
import { answer, follow } from './play.ts'

/** Related charms on one machine, under every order of moves, wishes at any moment, and so many failing stages. */
export interface PairGiven<W> {
  machine: MemoryMachine
  wanted: W
  /** Units as wanted, standing where the manifest says. */
  site(machine: MemoryMachine, wanted: W): Site
  /** What a person may want at any moment, by name. */
  wishes: Record<string, (wanted: W) => W>
  failures: number
  wishCount: number
  /** Laws that hold at every moment; a word for each that does not. */
  always(machine: MemoryMachine, site: Site): string[]
  /** Laws that hold when a run has ended. */
  ended?(machine: MemoryMachine, site: Site): string[]
  without?: Surroundings['without']
  /** Stop after so many states; reaching it is a violation. Default 200,000. */
  limit?: number
}

export interface PairVerdict {
  states: number
  /** Resting ends where everything wanted is active and proved, or gone. */
  goodEnds: number
  violations: string[]
}

interface Node<W> {
  machine: MemoryMachine
  site: Site
  touched: Set<Key>
  wanted: W
  failures: number
  wishes: number
  /** Units that answered a check since they last left a rest. */
  proved: Set<string>
  path: string[]
}

/** Breadth first, so that the first violation has the shortest way. */
export function checkPair<W>(given: PairGiven<W>): PairVerdict {
  const verdict: PairVerdict = { states: 0, goodEnds: 0, violations: [] }
  const seen = new Set<string>()
  const start = {
    machine: given.machine.clone(),
    wanted: given.wanted,
    failures: given.failures,
    wishes: given.wishCount,
  }
  const queue: Node<W>[] = [
    { ...start, site: given.site(given.machine, given.wanted), touched: new Set(), proved: new Set(), path: [] },
  ]
  for (let node = queue.shift(); node; node = queue.shift()) {
    const key = keyOf(node)
    if (seen.has(key)) continue
    seen.add(key)
    verdict.states++
    if (verdict.states > (given.limit ?? 200_000)) verdict.violations.push('too many states')
    for (const words of given.always(node.machine, node.site)) report(verdict, node, words)
    if (verdict.violations.length > 0) return verdict
    queue.push(...successors(given, node, verdict))
  }
  return verdict
}

function successors<W>(given: PairGiven<W>, node: Node<W>, verdict: PairVerdict): Node<W>[] {
  const open = moves(node.site, around(given, node))
  const next = open.flatMap((_, index) => outcomes(given, node, index))
  if (open.length === 0) atRest(given, node, verdict)
  if (node.wishes === 0) return next
  const wished = Object.entries(given.wishes).map(([name, change]) =>
    wish(given, node, { name, wanted: change(node.wanted) }),
  )
  return [...next, ...wished]
}

/** The move done, and (while failures are left) failed before anything and failed after everything. */
function outcomes<W>(given: PairGiven<W>, node: Node<W>, index: number): Node<W>[] {
  const well = copyOf(node)
  const steps = run(given, well, index, () => false)
  if (node.failures === 0 || steps === 0) return [well]
  const before = failed(given, node, { index, at: (step) => step === 0, words: 'fails at once' })
  const after = failed(given, node, { index, at: (step) => step === steps - 1, words: 'fails at the end', late: true })
  return [well, before, after]
}

function failed<W>(
  given: PairGiven<W>,
  node: Node<W>,
  how: { index: number; at(step: number): boolean; words: string; late?: true },
): Node<W> {
  const copy = { ...copyOf(node), failures: node.failures - 1 }
  run(given, copy, how.index, how.at, how.late)
  copy.path = [...copy.path.slice(0, -1), `${copy.path.at(-1)} (${how.words})`]
  return copy
}

/** One move of the real driver; gives the number of writes and checks in it. */
function run<W>(
  given: PairGiven<W>,
  node: Node<W>,
  index: number,
  fails: (step: number) => boolean,
  late?: true,
): number {
  const surroundings = around(given, node)
  const move = moves(node.site, surroundings)[index]
  if (move === undefined) throw new Error('the same machine offers other moves')
  const from = move.unit.state
  if (stateOf(move.unit).kind === 'rest') node.proved.delete(move.unit.name)
  let steps = 0
  const outcome = { boundaries: 0, steps: 0, writes: [], events: [] }
  const reply = (ask: Ask) => {
    const counts = ask.do === 'write' || ask.do === 'check'
    const bad = counts && fails(steps++)
    if (bad && !late) throw new StepFailed('made to fail')
    const said = answer(ask, { machine: node.machine, touched: node.touched, outcome, how: {} })
    if (bad) throw new StepFailed('made to fail')
    if (ask.do === 'check' && said === undefined) node.proved.add(ask.unit)
    return said
  }
  follow(make(node.site, move, surroundings), reply)
  node.path = [...node.path, `${move.unit.name}: ${from} -> ${move.unit.state}`]
  return steps
}

/** A wish reaches the same run: what is wanted changes under the units as they stand. */
function wish<W>(given: PairGiven<W>, node: Node<W>, what: { name: string; wanted: W }): Node<W> {
  const copy = copyOf(node)
  const fresh = given.site(copy.machine, what.wanted)
  const units = fresh.units.map((unit) => {
    const old = copy.site.units.find((each) => each.name === unit.name)
    return old ? wished(old, unit) : unit
  })
  copy.site = { ...copy.site, units }
  return { ...copy, wanted: what.wanted, wishes: node.wishes - 1, path: [...copy.path, `wish: ${what.name}`] }
}

function wished(old: Unit, fresh: Unit): Unit {
  const unit = { ...old, life: fresh.life, links: merged(old.links, fresh.links) }
  want(unit, fresh.wish ?? fresh)
  return unit
}

function merged(old: Site['units'][number]['links'], now: typeof old): typeof old {
  return [...now, ...old.filter((link) => !now.some((each) => each.peer === link.peer))]
}

/** Nobody can move. Laws of a run's end, and: further runs without failures come to a good end and then change nothing. */
function atRest<W>(given: PairGiven<W>, node: Node<W>, verdict: PairVerdict): void {
  for (const unit of node.site.units) {
    const state = stateOf(unit)
    if (state.kind !== 'rest') report(verdict, node, `${unit.name} waits for ever in ${unit.state}`)
    if (statusOf(unit) !== 'active' || unit.life === 'absent') continue
    if (!node.proved.has(unit.name)) report(verdict, node, `${unit.name} is active without a proof in this walk`)
    if (unit.wish !== undefined && !isRefused(unit)) report(verdict, node, `${unit.name} is active on the old version`)
    if (unit.judged !== inputsDigest(node.site, unit, around(given, node).view))
      report(verdict, node, `${unit.name} is active, but not on what is wanted`)
  }
  for (const words of given.ended?.(node.machine, node.site) ?? []) report(verdict, node, words)
  if (isGood(node.site)) verdict.goodEnds++
  const machine = node.machine.clone()
  runAll(given, machine, node.wanted)
  runAll(given, machine, node.wanted)
  const last = runAll(given, machine, node.wanted)
  if (!isGood(last.site))
    report(
      verdict,
      node,
      `further runs end with ${last.site.units.map((unit) => `${unit.name} ${unit.state}`).join(', ')}`,
    )
  if (last.writes > 0) report(verdict, node, 'a third run still changes something')
  for (const words of given.always(machine, last.site)) report(verdict, node, `after further runs: ${words}`)
}

function runAll<W>(given: PairGiven<W>, machine: MemoryMachine, wanted: W): { site: Site; writes: number } {
  const site = given.site(machine, wanted)
  const node: Node<W> = {
    machine,
    site,
    touched: new Set(),
    wanted,
    failures: 0,
    wishes: 0,
    proved: new Set(),
    path: [],
  }
  const before = machine.lines.filter((line) => line.t === 'intent').length
  for (let count = 0; moves(site, around(given, node)).length > 0; count++) {
    if (count > 200) throw new Error('units go round in circles')
    run(given, node, 0, () => false)
  }
  return { site, writes: machine.lines.filter((line) => line.t === 'intent').length - before }
}

function isGood(site: Site): boolean {
  return site.units.every((unit) => (unit.life === 'absent' ? isGone(site, unit) : isWell(unit)))
}

/** A unit whose wish was refused rests well on its old version. */
function isWell(unit: Unit): boolean {
  return statusOf(unit) === 'active' || (unit.state === 'held' && isRefused(unit))
}

function around<W>(given: PairGiven<W>, node: Node<W>): Surroundings {
  const view = node.machine.view(node.touched)
  const rules = given.without ? { without: given.without } : {}
  return { foresees: false, operation: () => `op${node.machine.lines.length}`, view, ...rules }
}

function copyOf<W>(node: Node<W>): Node<W> {
  const units = node.site.units.map((unit) => ({
    ...unit,
    bags: { ...unit.bags },
    ...(unit.pass ? { pass: { ...unit.pass } } : {}),
  }))
  const site = { ...node.site, units, lines: [...node.site.lines] }
  return { ...node, site, machine: node.machine.clone(), touched: new Set(node.touched), proved: new Set(node.proved) }
}

/** Two moments are one when nothing that can matter later differs. */
function keyOf<W>(node: Node<W>): string {
  const units = node.site.units.map((unit) => {
    const held = holdings(node.site.lines, unit.name).map((each) => ({ ...each, ns: [] }))
    const open = openOperation(node.site.lines, unit.name) !== undefined
    const { pass } = unit
    const walk = pass && [
      pass.config,
      pass.taken,
      pass.open,
      pass.bagsBefore,
      pass.fresh,
      pass.ascent,
      pass.before && named(pass.before),
      pass.kept,
    ]
    return [
      unit.name,
      unit.life,
      unit.options,
      unit.state,
      unit.bags,
      unit.judged,
      unit.version,
      unit.wish && named(unit.wish),
      unit.refused,
      unit.kept,
      unit.begun,
      unit.removing,
      walk,
      held,
      open,
      unit.links,
    ]
  })
  const records = [...recordsOf(node.machine.lines).values()].map((record) => [
    record.unit,
    record.state,
    record.bags,
    record.applied,
    record.version,
    record.refused,
    record.kept,
    record.open,
  ])
  return canonical([
    units,
    records,
    node.machine.net(),
    [...node.touched].sort(),
    [...node.proved].sort(),
    node.failures,
    node.wishes,
  ])
}

/** A charm is told by its name: it is code. */
function named(revision: Revision): object {
  return { ...revision, charm: charmKey(revision.charm) }
}

function report<W>(verdict: PairVerdict, node: Node<W>, words: string): void {
  verdict.violations.push(`${words}\n  ${node.path.join('\n  ')}`)
}
