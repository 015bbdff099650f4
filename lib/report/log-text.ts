import type { JournalEntry } from '../state/store.ts'
import { maskText } from './mask.ts'
import { withWhy } from './progress.ts'
import { oneLine } from './terminal-text.ts'

export type Level = 'ERROR' | 'INFO' | 'DEBUG'

export interface LogLine {
  at: string
  level: Level
  /** `unit-containerd-0`, `machine-n1` or `kcharm`. */
  who: string
  text: string
}

/** The journal as Juju's debug-log tells it: hooks by their names, in their order. */
export function logLine(entry: JournalEntry): LogLine {
  const { at } = entry
  switch (entry.t) {
    case 'begin':
      return { at, level: 'INFO', who: 'kcharm', text: `${entry.title} (${entry.holder})` }
    case 'end':
      return { at, level: entry.code === 'ok' ? 'INFO' : 'ERROR', who: 'kcharm', text: `done: ${entry.code}` }
    case 'failed':
      return { at, level: 'ERROR', who: `machine-${entry.machine}`, text: maskText(entry.message) }
    case 'event':
      return { at, who: `unit-${entry.event.unit.replace('/', '-')}`, ...eventLine(entry.event) }
  }
}

export function renderLogLine({ at, level, who, text }: LogLine): string {
  return oneLine(`${who}: ${at.slice(11, 19)} ${level} ${text}`)
}

function eventLine(event: Extract<JournalEntry, { t: 'event' }>['event']): Pick<LogLine, 'level' | 'text'> {
  switch (event.kind) {
    case 'hook':
      return { level: 'INFO', text: `hook ${event.hook}` }
    case 'change':
      return { level: 'INFO', text: `${event.stage}: ${maskText(withWhy(event))}` }
    case 'fault':
      return { level: 'ERROR', text: maskText([event.message, event.hint].filter((each) => each).join('; ')) }
    case 'note':
      return { level: 'INFO', text: maskText(event.text) }
    case 'kept':
      return { level: 'INFO', text: `kept ${event.key}: ${maskText(event.why)}` }
    case 'state':
      return { level: 'DEBUG', text: `state ${event.state}${event.message ? `: ${maskText(event.message)}` : ''}` }
  }
}
