import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import { fold } from './fold.ts'
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

/** A change in words, with what it costs somebody else. */
export function withWhy({ verb, why }: Extract<LifeEvent, { kind: 'change' }>): string {
  return why === undefined ? verb : `${verb}: ${why}`
}

/** What one event says to a person; states on the way say nothing that the steps do not. */
export function eventText(event: LifeEvent | StepProgress): string | undefined {
  switch (event.kind) {
    case 'hook':
      return `hook ${event.hook}`
    case 'change':
      return oneLine(maskText(withWhy(event)))
    case 'progress':
      return oneLine(maskText(event.text))
    case 'fault':
      return `failed: ${oneLine(maskText(event.message))}`
    case 'note':
      return oneLine(maskText(event.text))
    case 'kept':
      return `kept ${oneLine(event.key)}: ${oneLine(maskText(event.why))}`
    case 'state':
      return isRest(event.status) ? `is ${event.status}` : undefined
  }
}

interface Row {
  unit: string
  machine: string
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
  let ended = false
  const paintAll = () => {
    const lines = picture([...rows.values()], { screen, paint })
    const up = drawn > 0 ? `\u001b[${drawn}A` : ''
    // Line by line: some terminals keep a screen that is cleared as a whole among the lines above it.
    screen.write(`${up}\r${[...said, ...lines].map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`)
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
      const row = before ?? { unit: event.unit, machine, status: 'running', step: '', since: Date.now() }
      const status = event.kind === 'state' ? (isRest(event.status) ? event.status : 'running') : row.status
      const toldWhy = isStuck(status) && row.step.startsWith('failed: ')
      rows.set(event.unit, { ...row, status, step: toldWhy ? row.step : (eventText(event) ?? row.step) })
    },
    say: (line) => said.push(oneLine(line)),
    end() {
      if (ended) return
      ended = true
      clearInterval(timer)
      paintAll()
      giveBack()
      process.off('exit', giveBack)
    },
  }
}

interface Look {
  screen: Screen
  paint: Paint
}

/** One row for each unit; when there is no room for that, one for all that are at the same step. */
function picture(rows: Row[], look: Look): string[] {
  const room = Math.max(1, (look.screen.rows ?? 24) - 2)
  const count = (status: string) => rows.filter((row) => row.status === status).length
  const numbers = `${rows.length} units: ${count('active')} active, ${count('running')} running, ${rows.filter(({ status }) => isStuck(status)).length} stuck`
  const wide = Math.max(0, ...rows.map((row) => nameOf(row).length))
  const each = rows.map((row) => rowText(row, nameOf(row).padEnd(wide), look))
  return [...(rows.length <= room ? each : crowded(rows, look).slice(0, room)), look.paint.dim(numbers)]
}

/** The stuck ones first; those that are well are only counted. */
function crowded(rows: Row[], look: Look): string[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows.filter(({ status }) => ORDER.includes(status))) {
    const key = `${row.status} ${row.unit.split('/')[0]} ${row.step}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  const rank = ([row]: Row[]) => ORDER.indexOf(row?.status ?? '')
  return [...groups.values()].toSorted((a, b) => rank(a) - rank(b)).flatMap((group) => groupText(group, look))
}

function groupText(group: Row[], look: Look): string[] {
  const [first] = group
  if (first === undefined) return []
  if (group.length === 1) return [rowText(first, nameOf(first), look)]
  const longest = group.reduce((one, other) => (one.since <= other.since ? one : other))
  const head = `${group.length} ${first.unit.split('/')[0] ?? ''}`
  const names = group.map(({ machine }) => machine).join(' ')
  const columns = (look.screen.columns ?? 80) - 1
  const whole = `${rowText(longest, head, { ...look, screen: { ...look.screen, columns: Infinity } })}  ${names}`
  return fold(whole, { isTTY: true, columns }).split('\n')
}

function nameOf({ unit, machine }: Row): string {
  return `${unit} ${machine}`
}

function rowText(row: Row, name: string, { screen, paint }: Look): string {
  const [glyph, colour] = glyphOf(row.status, paint)
  const seconds = `${Math.round((Date.now() - row.since) / 1000)}s`.padStart(5)
  const room = Math.max(0, (screen.columns ?? 80) - name.length - seconds.length - 6)
  return `${colour(glyph)} ${name} ${seconds}  ${oneLine(row.step, room)}`
}

function glyphOf(status: string, paint: Paint): [string, (text: string) => string] {
  if (status === 'active' || status === 'terminated') return ['✓', (text) => paint.good(text)]
  if (isStuck(status)) return ['✗', (text) => paint.bad(text)]
  return [status === 'running' ? '●' : '…', (text) => paint.doubtful(text)]
}

function isStuck(status: string): boolean {
  return status === 'error' || status === 'blocked'
}

function isRest(status: string): boolean {
  return status !== 'maintenance'
}
