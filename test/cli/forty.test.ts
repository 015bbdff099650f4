import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ROOT } from './kcharm.ts'
import { lab, LAB } from './lab.ts'
import { terminal } from './tmux.ts'

const SIZE = { columns: 100, rows: 30 }
const NUMBERS = /^(\d+) units: (\d+) active, (\d+) running, (\d+) stuck$/
const PROMPT = /^\[(\d+)\]$/

test('forty machines on a terminal of 100 by 30: who works and who is stuck is named, nothing is broken, the end is right', async () => {
  const { folder, deploy, roots } = await lab(40)
  mkdirSync(join(roots[16] ?? '', 'opt/kata-3.20.0')) // of somebody else, on n17
  const inventory = readFileSync(join(folder, 'inventory.yaml'), 'utf8')
  writeFileSync(join(folder, 'inventory.yaml'), inventory.replace(/(name: n23\n.*\n +port: )\d+/, '$11'))
  writeFileSync(
    join(folder, 'deploy'),
    `exec ${process.execPath} ${ROOT}/bin/run.cjs deploy ${LAB} ${deploy.join(' ')} --yes`,
  )
  const env = { KCHARM_STATE: join(folder, 'state'), PS1: '[$?] ', CI: '' }
  const screen = await terminal(['bash', '--norc', '-i'], { ...SIZE, cwd: folder, env })
  await screen.until(PROMPT)
  await screen.clear()
  await screen.type('sh deploy', 'Enter')

  const pictures: string[][] = []
  for (;;) {
    const lines = await screen.show()
    if (PROMPT.test(lines.at(-1) ?? '')) break
    if (NUMBERS.test(lines.at(-1) ?? '')) pictures.push(lines)
    await sleep(300)
  }
  expect(pictures.length).toBeGreaterThan(5)
  for (const lines of pictures) {
    expect(lines.length).toBeLessThanOrEqual(SIZE.rows)
    const [, units, active, running, stuck] = NUMBERS.exec(lines.at(-1) ?? '')?.map(Number) ?? []
    expect((active ?? 0) + (running ?? 0) + (stuck ?? 0)).toBeLessThanOrEqual(units ?? 0)
    expect(named(lines, '●')).toBe(running)
    expect(named(lines, '✗')).toBe(stuck)
  }
  const [late] = pictures.slice(-1)
  expect(late?.some((line) => /^✗ kata\/\d+ n17 .* failed: /.test(line))).toBe(true)

  const all = await screen.show({ above: true })
  expect(all).toEqual(await screen.show({ above: true, joined: true })) // no line went over the edge
  expect(all.filter((line) => NUMBERS.test(line))).toEqual(['78 units: 77 active, 0 running, 1 stuck'])
  const end = all.slice(all.findIndex((line) => line.startsWith('Unit ')))
  expect(end.filter((line) => /^containerd\/\d+ +active +n\d+ /.test(line))).toHaveLength(39)
  expect(end.filter((line) => /^ {2}kata\/\d+ +active +n\d+ /.test(line))).toHaveLength(38)
  expect(end.filter((line) => /^ {2}kata\/16 +error +n17 .*not unpacked by kcharm/.test(line))).toHaveLength(1)
  expect(end.filter((line) => /^n\d+ +reached /.test(line))).toHaveLength(39)
  expect(end.filter((line) => /^n23 +failed .*127\.0\.0\.1:1/.test(line))).toHaveLength(1)
  expect(all.at(-1)).toBe('[9]')
})

/** How many units the rows with this mark name, each or with others at the same step. */
function named(lines: string[], mark: string): number {
  const text = lines.join('\n').replace(/\n +/g, ' ') // a row that goes on
  const rows = text.split('\n').filter((line) => line.startsWith(mark))
  return rows.reduce((sum, row) => {
    const several = /^\S (\d+) \w+ /.exec(row)
    if (several) expect([...row.matchAll(/ n\d+\b/g)], row).toHaveLength(Number(several[1]))
    return sum + (several ? Number(several[1]) : 1)
  }, 0)
}
