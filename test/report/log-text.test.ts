import { expect, test } from 'vitest'
import { logLine, renderLogLine } from '../../lib/report/log-text.ts'
import type { JournalEntry } from '../../lib/state/store.ts'

const at = '2026-01-01T10:00:01.234Z'
const event = (event: Extract<JournalEntry, { t: 'event' }>['event']): JournalEntry => {
  return { at, op: 'o', t: 'event', machine: 'n1', event }
}

test.each<[JournalEntry, string]>([
  [event({ unit: 'containerd/0', kind: 'hook', hook: 'install' }), 'unit-containerd-0: 10:00:01 INFO hook install'],
  [
    event({ unit: 'kata/1', kind: 'change', stage: 'unpacking', verb: 'unpack it' }),
    'unit-kata-1: 10:00:01 INFO unpacking: unpack it',
  ],
  [
    event({ unit: 'kata/1', kind: 'state', state: 'active', status: 'active' }),
    'unit-kata-1: 10:00:01 DEBUG state active',
  ],
  [
    event({ unit: 'kata/1', kind: 'fault', message: 'disk\nfull', hint: 'free some' }),
    'unit-kata-1: 10:00:01 ERROR disk; full; free some',
  ],
  [
    event({ unit: 'kata/1', kind: 'kept', key: 'file:/a', why: 'edited' }),
    'unit-kata-1: 10:00:01 INFO kept file:/a: edited',
  ],
  [{ at, op: 'o', t: 'begin', title: 'relate a b', holder: 'me' }, 'kcharm: 10:00:01 INFO relate a b (me)'],
  [{ at, op: 'o', t: 'failed', machine: 'n1', code: 'connection', message: 'gone' }, 'machine-n1: 10:00:01 ERROR gone'],
  [{ at, op: 'o', t: 'end', code: 'ok' }, 'kcharm: 10:00:01 INFO done: ok'],
  [{ at, op: 'o', t: 'end', code: 'connection' }, 'kcharm: 10:00:01 ERROR done: connection'],
])('%o', (entry, line) => {
  expect(renderLogLine(logLine(entry))).toBe(line)
})
