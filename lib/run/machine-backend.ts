import { randomBytes } from 'node:crypto'
import { KcharmError } from '../errors/index.ts'
import type { Change } from '../host/kind.ts'
import { holds, undoerOf } from '../host/objects.ts'
import { READING_PRELUDE, WRITING_PRELUDE } from '../host/prelude.ts'
import { MANIFEST, quote } from '../host/shell.ts'
import { DRIFTED, parseReadings, renderReadings, renderStep, UNRECORDED } from '../host/step.ts'
import { type Cell, isUnknown, type Key, type Reading } from '../host/view.ts'
import { type Ask, StepFailed } from '../lifecycle/ask.ts'
import type { Check } from '../lifecycle/charm.ts'
import { type Line, renderLine } from '../lifecycle/manifest.ts'
import type { Observations } from '../plan/overlay.ts'
import type { PlannedChange } from '../plan/plan-site.ts'
import { type LiveView, liveView } from './live-view.ts'
import type { NodeSession } from './node-session.ts'
import { assertPlanned } from './planned.ts'

const STEP_DEADLINE_MS = 900_000

export interface MachineBackend {
  live: LiveView
  answer(ask: Exclude<Ask, { do: 'tell' }>): Promise<string | undefined>
}

/** Carries out what the driver asks on one machine: nothing but what was planned. */
export function machineBackend(on: {
  machine: string
  session: NodeSession
  observed: Observations
  frames: Map<Key, string>
  planned: PlannedChange[]
  /** Goes before the first line that is written: whose machine this is. */
  firstLine: Line | undefined
  /** True while a unit takes back what this very pass did: the plan's standing promise. */
  isRollback(unit: string, stage: string): boolean
  /** A unit that it is related to failed in this run. */
  isBereft(unit: string): boolean
  provideBlob(unit: string, change: Change): Promise<void>
  /** How long others may hold what a step needs. */
  patienceMs: number
  /** How far a long step is. */
  say(unit: string, text: string): void
}): MachineBackend {
  const live = liveView(on.observed, on.frames)
  let first = on.firstLine
  const headed = (lines: Line[]) => {
    const all = first && lines.length > 0 ? [first, ...lines] : lines
    if (lines.length > 0) first = undefined
    return all
  }
  const context = { ...on, live, headed }
  return {
    live,
    async answer(ask) {
      if (ask.do === 'read') await readInto(on.session, live, ask.readings)
      else if (ask.do === 'note') await note(on.session, headed(ask.lines))
      else if (ask.do === 'check') return await askUntil(on.session, live, ask.check)
      else await write(context, ask)
      return undefined
    },
  }
}

/** Reads in one request. */
export async function readInto(session: NodeSession, live: LiveView, readings: Reading<unknown>[]): Promise<void> {
  const marker = newMarker()
  const reply = await session.run(`${READING_PRELUDE}\n${renderReadings(readings, marker)}`, { deadlineMs: 60_000 })
  const frames = parseReadings(reply.stdout, marker)
  readings.forEach((reading, index) => {
    const frame = frames.get(index)
    if (frame === undefined)
      throw new KcharmError('connection', `the machine did not answer the reading ${reading.key}`)
    live.learn(reading, frame)
  })
}

export function newMarker(): string {
  return randomBytes(12).toString('hex')
}

type Write = Extract<Ask, { do: 'write' }>
type Context = Parameters<typeof machineBackend>[0] & { live: LiveView; headed(lines: Line[]): Line[] }

async function write(context: Context, ask: Write): Promise<void> {
  const { change } = ask
  if (!context.isRollback(ask.unit, ask.stage)) {
    assertPlanned(context.machine, { ...ask, bereft: context.isBereft(ask.unit) }, context.planned)
  }
  if (isUnknown(change.after)) throw new Error(`${change.key}: a value that is not known cannot be written`)
  await waitUntilFree(context, ask)
  if (change.blob) await context.provideBlob(ask.unit, change)
  const { undoer, name } = undoerOf(change.key)
  const reading = undoer.reading(name, change.reads ?? [])
  const marker = newMarker()
  const expected = change.key.startsWith('svc:') ? undefined : context.live.frames.get(change.key)
  const script = renderStep({
    reading,
    ...(expected === undefined ? {} : { expected }),
    intent: context.headed(ask.before).map(renderLine),
    done: ask.after.map(renderLine),
    body: change.script,
    marker,
  })
  context.live.forget(change)
  const reply = await context.session.run(`${READING_PRELUDE}${WRITING_PRELUDE}\n${script}`, {
    deadlineMs: STEP_DEADLINE_MS,
  })
  if (reply.status !== 0) throw stepFailed(change, reply)
  verify(change, { reading, frame: parseReadings(reply.stdout, marker).get(0) ?? '', live: context.live })
}

/** Others may be at work with the same tool (unattended upgrades, say): they are given some time, and named. */
async function waitUntilFree(context: Context, { unit, change }: Write): Promise<void> {
  if (change.awaits === undefined) return
  const until = Date.now() + context.patienceMs
  for (;;) {
    const { stdout } = await context.session.run(`${READING_PRELUDE}\n${change.awaits}`, { deadlineMs: 60_000 })
    const holder = stdout.trim().split('\n')[0] ?? ''
    if (holder === '') return
    if (Date.now() >= until) throw heldTooLong(context, change, holder)
    context.say(unit, `waits for ${holder}, which holds the package manager`)
    await new Promise((wake) => setTimeout(wake, 2000))
  }
}

function heldTooLong({ patienceMs }: Context, { verb }: Change, holder: string): StepFailed {
  const hint = 'wait until it is done, or end it, then run the same command again'
  return new StepFailed(`${verb}: ${holder} has held the package manager for ${patienceMs / 1000} s`, hint)
}

function verify(change: Change, is: { reading: Reading<Cell>; frame: string; live: LiveView }): void {
  is.live.learn(is.reading, is.frame)
  const have = is.reading.parse(is.frame)
  if (!holds(change.key, change.after as Cell, have)) {
    throw new StepFailed(`${change.verb}: done, but the machine now shows ${is.frame || 'nothing'}`)
  }
}

function stepFailed(change: Change, reply: { status: number; stderr: string }): StepFailed {
  const said = reply.stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.replace(/^kcharm: /, ''))
    .slice(-4)
    .join('; ')
  if (reply.status === DRIFTED) {
    return new StepFailed(`${change.verb}: ${change.key} was changed by somebody else in the meantime`, 'plan again')
  }
  if (reply.status === UNRECORDED) {
    return new StepFailed(`${change.verb}: the manifest cannot be written: ${said}`, 'is the disk full or read-only?')
  }
  return new StepFailed(`${change.verb}: ${said || `exit status ${reply.status}`}`)
}

async function note(session: NodeSession, lines: Line[]): Promise<void> {
  const words = lines.map((line) => quote(renderLine(line))).join(' ')
  const reply = await session.run(`${READING_PRELUDE}${WRITING_PRELUDE}\nkc_note ${words}`)
  if (reply.status === 0) return
  // No StepFailed: a unit that cannot even record its rest costs the whole machine, outside of any stage.
  throw new KcharmError('unit-failed', `the manifest ${MANIFEST} cannot be written: ${reply.stderr.trim()}`, {
    hint: 'is the disk full or read-only?',
  })
}

/** Asks again every quarter of a second until the answer is good or its time is over. */
async function askUntil(session: NodeSession, live: LiveView, check: Check): Promise<string | undefined> {
  const until = Date.now() + check.within * 1000
  let fault = known(live, check)
  while (fault !== undefined) {
    if (fault !== 'unread') await new Promise((wake) => setTimeout(wake, 250))
    await readInto(session, live, [check.reading])
    fault = check.verdict(live.view.read(check.reading))
    if (fault !== undefined && Date.now() >= until) return fault
  }
  return undefined
}

function known(live: LiveView, check: Check): string | undefined {
  try {
    return check.verdict(live.view.read(check.reading))
  } catch {
    return 'unread'
  }
}
