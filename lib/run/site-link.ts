import { KcharmError } from '../errors/index.ts'
import { READING_PRELUDE } from '../host/prelude.ts'
import { MANIFEST, path } from '../host/shell.ts'
import { parseReadings, renderReadings } from '../host/step.ts'
import type { Key, Reading } from '../host/view.ts'
import { type Line, parseManifest } from '../lifecycle/manifest.ts'
import type { Machine } from '../model/declaration.ts'
import type { Observations } from '../plan/overlay.ts'
import { newMarker } from './machine-backend.ts'
import type { NodeSession } from './node-session.ts'

/** A machine that answered: its session, its manifest, and what has been read of it so far. */
export interface SiteLink {
  machine: Machine
  session: NodeSession
  lines: Line[]
  observed: Observations
  frames: Map<Key, string>
  /** Who was at work on the machine when it was first read. */
  holder?: string
}

const READ_DEADLINE_MS = 60_000

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
export async function readSite(machine: Machine, session: NodeSession, likely: Reading<unknown>[]): Promise<SiteLink> {
  const link: SiteLink = { machine, session, lines: [], observed: new Map(), frames: new Map() }
  await readMore(link, [holderReading, manifestReading, ...likely])
  const holder = link.observed.get(holderReading.key) as string
  if (holder !== '') link.holder = holder
  link.lines = link.observed.get(manifestReading.key) as Line[]
  return link
}

/** More readings, in one request. */
export async function readMore(
  link: SiteLink,
  readings: Reading<unknown>[],
  deadlineMs = READ_DEADLINE_MS,
): Promise<void> {
  const unique = [...new Map(readings.map((reading) => [reading.key, reading])).values()]
  const marker = newMarker()
  const reply = await link.session.run(readScript(unique, marker), { deadlineMs })
  const frames = parseReadings(reply.stdout, marker)
  unique.forEach((reading, index) => {
    const frame = frames.get(index)
    if (frame === undefined) throw silent(link.machine.name, reading.key)
    link.frames.set(reading.key, frame)
    link.observed.set(reading.key, reading.parse(frame))
  })
}

export function readScript(readings: Reading<unknown>[], marker: string): string {
  return `${READING_PRELUDE}\n${renderReadings(readings, marker)}`
}

function silent(machine: string, key: Key): KcharmError {
  return new KcharmError('connection', `${machine} did not answer the reading ${key}`, { machine })
}
