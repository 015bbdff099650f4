import { KcharmError } from '../errors/index.ts'
import { READING_PRELUDE } from '../host/prelude.ts'
import { MANIFEST, path } from '../host/shell.ts'
import { parseReadings, renderReadings } from '../host/step.ts'
import type { Key, Reading } from '../host/view.ts'
import { type Line, parseManifest } from '../lifecycle/manifest.ts'
import type { Machine } from '../model/declaration.ts'
import { type Answered, answeredReading } from '../plan/answered.ts'
import type { Observations } from '../plan/overlay.ts'
import { Answers } from './answers.ts'
import { clockOffset } from './clock.ts'
import { DEADLINES } from './deadlines.ts'
import { newMarker } from './machine-backend.ts'
import type { NodeSession } from './node-session.ts'

/** A machine that answered: its session, its manifest, and what has been read of it so far. */
export interface SiteLink {
  machine: Machine
  session: NodeSession
  lines: Line[]
  observed: Observations
  frames: Map<Key, string>
  /** Shared with the other machines of the run. */
  answers: Answers
  /** Names all that was read beside the manifest, in order: machines with the same `heard` have said the same. */
  heard: string
  /** Which machine it is; asked again with every look at all that was read. */
  answered?: Answered
  /** Seconds that its clock is ahead of this one's; negative: behind. */
  clock?: number
  /** Who was at work on the machine when it was first read. */
  holder?: string
}

const manifestReading: Reading<Line[]> = {
  key: 'kcharm:manifest',
  lasting: 'fact',
  script: `[ ! -f ${path(MANIFEST)} ] || cat ${path(MANIFEST)}`,
  parse: parseManifest,
}

/** Comes first: what is read behind it of a machine that nobody held is the machine at rest. Looks, and takes no lock. */
const holderReading: Reading<string> = {
  key: 'kcharm:holder',
  lasting: 'fact',
  script: 'kcharm_holder',
  parse: (frame) => frame,
}

/** The first request: the manifest and everything that is likely to be wanted, in one script. */
export async function readSite(
  machine: Machine,
  session: NodeSession,
  likely: Reading<unknown>[],
  answers = new Answers(),
): Promise<SiteLink> {
  const link: SiteLink = { machine, session, answers, lines: [], observed: new Map(), frames: new Map(), heard: '' }
  await readMore(link, [holderReading, manifestReading, answeredReading, ...likely])
  const holder = link.observed.get(holderReading.key) as string
  if (holder !== '') link.holder = holder
  link.lines = link.observed.get(manifestReading.key) as Line[]
  return link
}

/** More readings, in one request. */
export async function readMore(
  link: SiteLink,
  readings: Reading<unknown>[],
  deadlineMs = DEADLINES.reading * 1000,
): Promise<void> {
  const unique = [...new Map(readings.map((reading) => [reading.key, reading])).values()]
  const marker = newMarker()
  const asked = Date.now() / 1000
  const reply = await link.session.run(readScript(unique, marker), { deadlineMs })
  const frames = parseReadings(reply.stdout, marker)
  unique.forEach((reading, index) => {
    const frame = frames.get(index)
    if (frame === undefined) throw silent(link.machine.name, reading.key)
    if (reading.key === answeredReading.key) meet(link, frame, asked)
    else learn(link, reading, frame)
  })
}

function meet(link: SiteLink, frame: string, asked: number): void {
  const { time, ...answered } = answeredReading.parse(frame)
  link.answered = answered
  link.clock = clockOffset(time, { asked, heard: Date.now() / 1000 })
}

/** The machine's answer to a reading. */
export function learn(link: SiteLink, reading: Reading<unknown>, frame: string): void {
  const { answers } = link
  // Every machine has a manifest of its own: its text is not kept, and what is in it is compared as lines.
  if (reading.key === manifestReading.key) return void link.observed.set(reading.key, reading.parse(frame))
  const { text, number } = answers.heard(frame)
  link.frames.set(reading.key, text)
  link.observed.set(reading.key, answers.parsed(reading, text))
  link.heard += `${answers.heard(reading.key).number}=${number} `
}

export function readScript(readings: Reading<unknown>[], marker: string): string {
  return `${READING_PRELUDE}\n${renderReadings(readings, marker)}`
}

function silent(machine: string, key: Key): KcharmError {
  return new KcharmError('connection', `${machine} did not answer the reading ${key}`, { machine })
}
