import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import { maskText } from './mask.ts'
import { oneLine, type Paint, paintFor } from './terminal-text.ts'

export interface Progress {
  event(machine: string, event: LifeEvent | StepProgress): void
  say(line: string): void
  /** Leaves the last picture standing and gives the cursor back. */
  end(): void
}

interface Screen {
  isTTY?: boolean
  rows?: number
  columns?: number
  write(text: string): unknown
}

/** Live rows on a terminal; one line per step elsewhere, in CI and on dumb terminals. */
export function progressOn(screen: Screen, env: Record<string, string | undefined> = process.env): Progress {
  const live = screen.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb'
  return live ? liveRows(screen, paintFor(screen, env)) : plainLines(screen)
}

function plainLines(screen: Screen): Progress {
  const print = (text: string) => screen.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
  const told = new Map<string, number>()
  return {
    event(machine, event) {
      const text = eventText(event)
      if (event.kind === 'progress' && isTooSoon(told, event)) return
      if (text !== undefined) print(`${machine} ${event.unit} ${text}`)
    },
    say: (line) => print(oneLine(line)),
    end: () => undefined,
  }
}

/** A meter speaks every second; lines that stay on the screen need it every ten. */
function isTooSoon(told: Map<string, number>, { unit, text }: StepProgress): boolean {
  const key = `${unit} ${text.split(' ', 1)[0]}`
  if (Date.now() - (told.get(key) ?? 0) < 10_000) return true
  told.set(key, Date.now())
  return false
}

/** What one event says to a person; states on the way say nothing that the steps do not. */
export function eventText(event: LifeEvent | StepProgress): string | undefined {
  switch (event.kind) {
    case 'hook':
      return `hook ${event.hook}`
    case 'change':
      return oneLine(maskText(event.verb))
    case 'progress':
      return oneLine(maskText(event.text))
    case 'fault':
      return `failed: ${oneLine(maskText(event.message))}`
    case 'kept':
      return `kept ${oneLine(event.key)}: ${oneLine(maskText(event.why))}`
    case 'state':
      return isRest(event.status) ? `is ${event.status}` : undefined
  }
}

interface Row {
  name: string
  status: string
  step: string
  since: number
}

const TEN_HZ = 100
const ORDER = ['error', 'blocked', 'running', 'waiting']

function liveRows(screen: Screen, paint: Paint): Progress {
  const rows = new Map<string, Row>()
  let drawn = 0
  let said: string[] = []
  const paintAll = () => {
    const lines = picture([...rows.values()], { screen, paint })
    const up = drawn > 0 ? `\u001b[${drawn}A` : ''
    screen.write(`${up}\r\u001b[J${[...said, ...lines].map((line) => `${line}\n`).join('')}`)
    drawn = lines.length
    said = []
  }
  const timer = setInterval(paintAll, TEN_HZ)
  timer.unref()
  const giveBack = () => screen.write('\u001b[?25h')
  process.once('exit', giveBack)
  screen.write('\u001b[?25l')
  return {
    event(machine, event) {
      const before = rows.get(event.unit)
      const row = before ?? { name: `${event.unit} ${machine}`, status: 'running', step: '', since: Date.now() }
      const status = event.kind === 'state' ? (isRest(event.status) ? event.status : 'running') : row.status
      rows.set(event.unit, { ...row, status, step: eventText(event) ?? row.step })
    },
    say: (line) => said.push(oneLine(line)),
    end() {
      clearInterval(timer)
      paintAll()
      giveBack()
      process.off('exit', giveBack)
    },
  }
}

/** When there are more rows than lines, the failed and the running ones are shown. */
function picture(rows: Row[], { screen, paint }: { screen: Screen; paint: Paint }): string[] {
  const rank = (row: Row) => (ORDER.indexOf(row.status) + ORDER.length + 1) % (ORDER.length + 1)
  const room = Math.max(1, (screen.rows ?? 24) - 2)
  const shown = rows.toSorted((a, b) => rank(a) - rank(b)).slice(0, room)
  const inOrder = rows.filter((row) => shown.includes(row))
  const wide = Math.max(0, ...inOrder.map((row) => row.name.length))
  const count = (status: string) => rows.filter((row) => row.status === status).length
  const numbers = `${rows.length} units: ${count('active')} active, ${count('running')} running, ${count('error') + count('blocked')} stuck`
  return [...inOrder.map((row) => rowText(row, { wide, width: screen.columns ?? 80, paint })), paint.dim(numbers)]
}

function rowText(row: Row, { wide, width, paint }: { wide: number; width: number; paint: Paint }): string {
  const [glyph, colour] = glyphOf(row.status, paint)
  const seconds = `${Math.round((Date.now() - row.since) / 1000)}s`.padStart(5)
  const room = Math.max(0, width - wide - seconds.length - 6)
  return `${colour(glyph)} ${row.name.padEnd(wide)} ${seconds}  ${oneLine(row.step, room)}`
}

function glyphOf(status: string, paint: Paint): [string, (text: string) => string] {
  if (status === 'active' || status === 'terminated') return ['✓', (text) => paint.good(text)]
  if (status === 'error' || status === 'blocked') return ['✗', (text) => paint.bad(text)]
  return [status === 'running' ? '●' : '…', (text) => paint.doubtful(text)]
}

function isRest(status: string): boolean {
  return status !== 'maintenance'
}
