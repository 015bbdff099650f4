import { quote } from './shell.ts'
import type { Reading } from './view.ts'

/** Exit statuses of a write step. */
export const DRIFTED = 91
export const UNRECORDED = 92

/** One script for many readings; each frame stands behind a line `MARKER INDEX`. The marker is random, so no content can forge it. */
export function renderReadings(readings: Reading<unknown>[], marker: string): string {
  const parts = readings.map(
    (reading, index) => `printf '\\n%s %s\\n' ${marker} ${index}\n( ${reading.script}\n) 2>/dev/null`,
  )
  return [...parts, `printf '\\n%s end\\n' ${marker}`].join('\n')
}

/** Frames by index; a missing frame (the machine stopped in the middle) is left out. */
export function parseReadings(output: string, marker: string): Map<number, string> {
  const frames = new Map<number, string>()
  for (const piece of output.split(`\n${marker} `).slice(1)) {
    const cut = piece.indexOf('\n')
    const head = cut < 0 ? piece : piece.slice(0, cut)
    if (/^\d+$/.test(head)) frames.set(Number(head), cut < 0 ? '' : piece.slice(cut + 1).replace(/\n+$/, ''))
  }
  return frames
}

export interface Step {
  reading: Reading<unknown>
  /** The frame that was read last; the step refuses to run on anything else. */
  expected?: string
  /** Manifest lines that must be on disk before the write. */
  intent: string[]
  /** Manifest lines written after it. */
  done: string[]
  body: string
  marker: string
}

/** Intent, write, done, and a reading of what is there now, as one script. */
export function renderStep(step: Step): string {
  const guard =
    step.expected === undefined
      ? []
      : [`[ "$( ( ${step.reading.script}\n) 2>/dev/null)" = ${quote(step.expected)} ] || exit ${DRIFTED}`]
  return [
    ...guard,
    ...noted(step.intent),
    `(\n${step.body}\n) >/dev/null || exit`,
    ...noted(step.done),
    renderReadings([step.reading], step.marker),
  ].join('\n')
}

function noted(lines: string[]): string[] {
  return lines.length === 0 ? [] : [`kc_note ${lines.map(quote).join(' ')} || exit ${UNRECORDED}`]
}
