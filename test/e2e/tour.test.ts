import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { terminal } from '../cli/tmux.ts'
import { ended, type Ran, ROOT } from './support/cli.ts'

let folder: string
let env: Record<string, string>
let started: Ran

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcharm-e2e-tour-'))
  env = { XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1', CI: '1', PS1: '[$?] ' }
  await mkdir(join(folder, 'here'))
  for (const name of ['bin', 'bundles']) await symlink(join(ROOT, name), join(folder, 'here', name))
  started = await node('bin/start.js')
})

afterAll(async () => {
  await node('bin/run.cjs', 'lab', 'down', 'tour')
  await rm(folder, { recursive: true })
})

test('the tour of the README, typed as it stands, says what the README shows', async () => {
  const steps = stepsOf(await readFile(join(ROOT, 'README.md'), 'utf8'))
  const cut = steps.filter(({ command }) => command.includes('…'))
  expect(cut).toHaveLength(1) // what `npm start` does
  expect(steps.length).toBeGreaterThan(20)
  expect(started.stdout).toMatch(asShown(cut.map(({ command, shows }) => [`$ ${command}`, ...shows]).flat()))

  const screen = await terminal(['bash', '--norc', '-i'], { columns: 1000, rows: 200, cwd: join(folder, 'here'), env })
  await screen.until(PROMPT)
  for (const { command, shows } of steps.filter((step) => !cut.includes(step))) {
    await screen.clear()
    await screen.type(command, 'Enter')
    if (shows.some((line) => line.endsWith('[y/N] y'))) {
      await screen.until(/\[y\/N\]$/)
      await screen.type('y', 'Enter')
    }
    const lines = await screen.until(PROMPT, 120_000)
    const status = Number(PROMPT.exec(lines.at(-1) ?? '')?.[1])
    const text = (await screen.show({ above: true })).join('\n')
    expect(text, command).toMatch(asShown(shows))
    expect([0, ...SAYING], `${command}: ${text}`).toContain(status)
    if (shows.length === 0) expect(status, `${command}: ${text}`).toBe(0)
  }
})

/** An answer that is not all well: something is not as declared, a plan is stale, something is not fit. */
const SAYING = [5, 6, 7]
const PROMPT = /^\[(\d+)\]$/

interface Step {
  command: string
  /** What is shown below it; where nothing is, it only has to end well. */
  shows: string[]
}

/** `sh` blocks are commands alone; in `console` blocks they stand after a `$`, and their answers below them. */
function stepsOf(readme: string): Step[] {
  const tour = /^## The tour\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
  const steps: Step[] = []
  for (const [, kind, text = ''] of tour.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    expect(['sh', 'console']).toContain(kind)
    for (const line of text.trimEnd().split('\n')) {
      if (kind === 'sh') steps.push({ command: line, shows: [] })
      else if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shows: [] })
      else steps.at(-1)?.shows.push(line)
    }
  }
  return steps
}

/** These lines in this order; `…` stands for anything, times and ports for others. What else is said in between does not matter. */
function asShown(lines: string[]): RegExp {
  const patterns = lines
    .filter((line) => line !== '…' && line !== '')
    .map((line) =>
      line
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('…', '.*')
        .replace(/ {2,}(?=\S)/g, (blanks, at: number) => (at === 0 ? blanks : ' +'))
        .replace(/\d{4}-\d\d-\d\d/g, '\\d{4}-\\d\\d-\\d\\d')
        .replace(/\d\d:\d\d:\d\d/g, '\\d\\d:\\d\\d:\\d\\d')
        .replace(/127\\\.0\\\.0\\\.1:\d+/g, '127\\.0\\.0\\.1:\\d+'),
    )
  return RegExp(patterns.map((pattern) => `^${pattern}$`).join('[^]*'), 'm')
}

function node(...args: string[]): Promise<Ran> {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  return ended(spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio }))
}
