import { expect } from 'vitest'
import { KcharmError } from '../../lib/errors/index.ts'
import { renderError } from '../../lib/report/error-text.ts'
import { renderExec } from '../../lib/report/exec-text.ts'
import { logLine, renderLogLine } from '../../lib/report/log-text.ts'
import { progressOn } from '../../lib/report/progress.ts'
import { renderYaml } from '../../lib/report/yaml-text.ts'
import { Conversation } from '../../lib/ssh/conversation.ts'
import type { LifeEvent } from '../../lib/lifecycle/events.ts'
import { hostileBytes, OBEYED } from './values.ts'

const MARKER = 'm'.repeat(32)

/** A machine's answer and its banner, cut anywhere: the answer comes as it is, and nothing shown of it is obeyed. */
export async function answers(seed: number, count: number): Promise<number> {
  const unit = 'c/0'
  for (const [at, bytes] of hostileBytes(seed)(count).entries()) {
    const talk = new Conversation({
      marker: MARKER,
      outputLimit: 1_000_000,
      started: () => undefined,
      broken: (reason) => expect.fail(reason),
    })
    const asked = talk.next()
    const whole = Buffer.concat([bytes, Buffer.from(`${MARKER}[`), bytes, Buffer.from(`${MARKER}]7\n`)])
    const cut = (at * 7) % whole.length
    for (const part of [whole.subarray(0, cut), whole.subarray(cut)]) talk.stdout(part)
    talk.stderr(whole)
    const { status, stdout, stderr } = await asked
    expect([status, stdout, stderr]).toEqual([7, bytes.toString('utf8'), bytes.toString('utf8')])
    const error = new KcharmError('unit-failed', stdout, { hint: stdout, machine: stdout, faults: [stdout] })
    const fault: LifeEvent = { kind: 'fault', unit, message: stdout, hint: stdout }
    const shown = [
      renderError(error),
      renderExec([{ machine: 'n1', status, stdout, stderr }]),
      renderExec([{ machine: 'n1', error }]),
      renderLogLine(logLine({ at: '2026-01-01T00:00:00Z', op: 'x', t: 'event', machine: 'n1', event: fault })),
      renderYaml({ message: stdout, [stdout]: talk.noise.toString('utf8') }),
      progressText(fault),
    ]
    for (const text of shown) expect(text).not.toMatch(OBEYED)
  }
  return count
}

function progressText(event: LifeEvent): string {
  let text = ''
  progressOn({ write: (more) => (text += more) }).event('n1', event)
  return text
}
