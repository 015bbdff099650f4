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
import { EndedLate } from '../ssh/ended-late.ts'
import { type Deadlines, stepDeadline } from './deadlines.ts'
import { type LiveView, liveView } from './live-view.ts'
import type { NodeSession } from './node-session.ts'
import { assertPlanned } from './planned.ts'
import { Stopped } from './stopped.ts'
import { waiting } from './waiting.ts'

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
  deadlines: Deadlines
  /** Once it is aborted nobody is waited for any more. */
  stop?: AbortSignal
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
      if (ask.do === 'read') await readInto(context, ask.readings)
      else if (ask.do === 'note') await note(context, headed(ask.lines))
      else if (ask.do === 'check') return await askUntil(context, ask)
      else await write(context, ask)
      return undefined
    },
  }
}

/** Reads in one request. */
async function readInto({ session, live, deadlines }: Looking, readings: Reading<unknown>[]): Promise<void> {
  const marker = newMarker()
  const script = `${READING_PRELUDE}\n${renderReadings(readings, marker)}`
  const reply = await session.run(script, { deadlineMs: deadlines.reading * 1000 })
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
type Looking = Pick<Context, 'session' | 'live' | 'deadlines'>
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
  const seconds = stepDeadline(change.key, context.deadlines)
  const reply = await waiting(
    { for: change.verb, seconds, say: (text) => context.say(ask.unit, text) },
    context.session.run(`${READING_PRELUDE}${WRITING_PRELUDE}\n${script}`, { deadlineMs: seconds * 1000 }),
  ).catch(async (error: unknown) => {
    throw error instanceof EndedLate ? await hung(context, { change, reading, error }) : error
  })
  if (reply.status !== 0) throw stepFailed(change, reply)
  verify(change, { reading, frame: parseReadings(reply.stdout, marker).get(0) ?? '', live: context.live })
}

/** What became of a step that did not end is found by reading, as it is after a lost connection. */
async function hung(
  context: Context,
  { change, reading, error }: { change: Change; reading: Reading<Cell>; error: EndedLate },
): Promise<StepFailed> {
  await readInto(context, [reading])
  const is = context.live.frames.get(reading.key) || 'nothing'
  return new StepFailed(`${change.verb}: ${error.what}; the machine now shows ${is}`, error.detail.hint)
}

/** Others may be at work with the same tool (unattended upgrades, say): they are given some time, and named. */
async function waitUntilFree(context: Context, { unit, change }: Write): Promise<void> {
  if (change.awaits === undefined) return
  const { session, deadlines } = context
  const since = Date.now()
  for (;;) {
    if (context.stop?.aborted) throw new Stopped(context.machine, context.stop.reason)
    const deadlineMs = deadlines.reading * 1000
    const { stdout } = await session.run(`${READING_PRELUDE}\n${change.awaits}`, { deadlineMs })
    const holder = stdout.trim().split('\n')[0] ?? ''
    if (holder === '') return
    const passed = Math.round((Date.now() - since) / 1000)
    if (Date.now() - since >= deadlines.others * 1000) throw heldTooLong(context, change, holder)
    const limit = `${passed} s of at most ${deadlines.others} s`
    context.say(unit, `waits for ${holder}, which holds the package manager: ${limit}`)
    await new Promise((wake) => setTimeout(wake, 2000))
  }
}

function heldTooLong({ deadlines }: Context, { verb }: Change, holder: string): StepFailed {
  const hint = 'wait until it is done, or end it, then run the same command again'
  return new StepFailed(`${verb}: ${holder} has held the package manager for ${deadlines.others} s`, hint)
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

async function note({ session, deadlines }: Looking, lines: Line[]): Promise<void> {
  const words = lines.map((line) => quote(renderLine(line))).join(' ')
  const script = `${READING_PRELUDE}${WRITING_PRELUDE}\nkc_note ${words}`
  const reply = await session.run(script, { deadlineMs: deadlines.note * 1000 })
  if (reply.status === 0) return
  // No StepFailed: a unit that cannot even record its rest costs the whole machine, outside of any stage.
  throw new KcharmError('unit-failed', `the manifest ${MANIFEST} cannot be written: ${reply.stderr.trim()}`, {
    hint: 'is the disk full or read-only?',
  })
}

/** Asks again every quarter of a second until the answer is good or its time is over. */
async function askUntil(
  context: Context,
  { unit, check }: { unit: string; check: Check },
): Promise<string | undefined> {
  const { live, say } = context
  const since = Date.now()
  let fault = known(live, check)
  while (fault !== undefined) {
    if (fault !== 'unread') await new Promise((wake) => setTimeout(wake, 250))
    await readInto(context, [check.reading])
    fault = check.verdict(live.view.read(check.reading))
    const passed = Math.round((Date.now() - since) / 1000)
    if (fault !== undefined && Date.now() - since >= check.within * 1000) return fault
    if (fault !== undefined) say(unit, `waits for ${check.name}, ${passed} s of at most ${check.within} s: ${fault}`)
  }
  return await faultWithin(context, { unit, check })
}

/** What is good now must stay so for its time: a daemon may come up and die. */
async function faultWithin(
  context: Context,
  { unit, check }: { unit: string; check: Check },
): Promise<string | undefined> {
  const { live, say } = context
  const until = Date.now() + check.steady * 1000
  if (check.steady > 0) say(unit, `watches ${check.name} for ${check.steady} s`)
  while (Date.now() < until) {
    await new Promise((wake) => setTimeout(wake, 1000))
    await readInto(context, [check.reading])
    const fault = check.verdict(live.view.read(check.reading))
    if (fault !== undefined) return `it was good, and then: ${fault}`
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
