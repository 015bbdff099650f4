import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { ran } from './kcharm.ts'
import { lab, LAB } from './lab.ts'

test('inventory check: one table, one line for each machine and fault, the worst exit status', async () => {
  const { kcharm, folder } = await lab(2)
  const good = await kcharm('inventory', 'check', 'inventory.yaml')
  expect(good.stdout).toMatch(/^n1 +ok +\S+ +.*(x86_64|aarch64) +[+-]?\d+ s +\d+ MiB$/m)
  expect(good.status).toBe(0)
  const inventory = parse(readFileSync(join(folder, 'inventory.yaml'), 'utf8')) as { machines: object[] }
  writeFileSync(join(folder, 'wrong'), 'no key')
  inventory.machines.push(
    { name: 'closed', address: '127.0.0.1', port: 1, user: 'root', key: 'user' },
    { name: 'keyless', address: '127.0.0.1', port: 2, user: 'root', key: 'wrong' },
  )
  writeFileSync(join(folder, 'more.yaml'), stringify(inventory))
  const bad = await kcharm('inventory', 'check', 'more.yaml')
  expect(bad.stdout).toMatch(/^closed +connection .*connection refused/m)
  expect(bad.stdout).toMatch(/^keyless +auth .*is not a private key/m)
  expect(bad.stdout).toMatch(/^n2 +ok /m)
  expect([9, 11]).toContain(bad.status)
  expect(JSON.parse((await kcharm('inventory', 'check', 'more.yaml', '--json')).stdout)).toMatchObject([
    { machine: 'n1', faults: [] },
    { machine: 'n2', faults: [] },
    { machine: 'closed', error: { code: 'connection' } },
    { machine: 'keyless', error: { code: 'auth' } },
  ])
})

test('exec: as root, held, guarded, in the journal; a failure is one of its machine', async () => {
  const { kcharm, deploy, roots } = await lab(2)
  await kcharm('deploy', LAB, ...deploy, '--yes')
  expect((await kcharm('exec', '--', 'true')).status).toBe(2)
  expect((await kcharm('exec', '--unit', 'kata/0')).status).toBe(2)
  const refused = await kcharm('exec', '--unit', 'kata/0', '--', 'true')
  expect([refused.status, refused.stderr]).toEqual([14, expect.stringContaining('add --yes') as string])
  const both = await kcharm(
    'exec',
    '--all',
    '--yes',
    '--',
    'echo "$R"; printf "\\033[31mred" >&2; head -n 1 "$R/run/kcharm/lock"',
  )
  expect(both.status).toBe(0)
  for (const root of roots) expect(both.stdout).toContain(`  ${root}\n`)
  expect(both.stdout).toContain('\\u{1b}[31mred')
  expect(both.stdout).toContain('kcharm exec')
  const one = await kcharm('exec', '--unit', 'kata/1', '--machine', 'n2', '--yes', '--json', '--', 'exit 3')
  expect([one.status, JSON.parse(one.stdout)]).toEqual([7, [{ machine: 'n2', status: 3, stdout: '', stderr: '' }]])
  const log = (await kcharm('debug-log')).stdout
  expect(log).toMatch(/^kcharm: \d\d:\d\d:\d\d INFO exec on n1 n2 /m)
  expect(log).toMatch(/ERROR done: unit-failed$/m)
  const hung = await kcharm('exec', '--all', '--yes', '--timeout', '1', '--', 'sleep 20')
  expect(hung.status).toBe(7)
  expect(hung.stdout).toMatch(/n1: not done after 1 s, so it was ended: sleep 20 \(process \d+\)/)
})

test('status in one line for each unit, and again and again', async () => {
  const { kcharm, start, deploy } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  for (const format of ['short', 'line']) {
    const { stdout } = await kcharm('status', '--format', format)
    expect(stdout).toMatch(
      /^- containerd\/0: 127\.0\.0\.1:\d+ \(active.*\)\n- kata\/0: 127\.0\.0\.1:\d+ \(active: .*\)\n$/,
    )
  }
  const child = start('status', '--format', 'short', '--watch', '1')
  const result = ran(child)
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await vi.waitUntil(() => (said.match(/- kata\/0/g)?.length ?? 0) >= 2, { timeout: 20_000 })
  child.kill('SIGINT')
  expect((await result).status).toBe(130)
})

test('debug-log: some, all but some, by level, from the end on, and what comes', async () => {
  const { kcharm, start, deploy } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  const who = async (...words: string[]) => {
    const lines = (await kcharm('debug-log', ...words)).stdout.trim().split('\n')
    return [...new Set(lines.map((line) => line.replace(/:.*/, '')))].sort()
  }
  expect(await who('--include', 'kata')).toEqual(['unit-kata-0'])
  expect(await who('--unit', 'containerd/0')).toEqual(['unit-containerd-0'])
  expect(await who('-x', 'kata', '-x', 'kcharm')).toEqual(['unit-containerd-0'])
  expect((await kcharm('debug-log')).stdout).not.toContain(' DEBUG ')
  expect((await kcharm('debug-log', '-l', 'DEBUG')).stdout).toContain(' DEBUG ')
  expect((await kcharm('debug-log', '-n', '2')).stdout.trim().split('\n')).toHaveLength(2)

  const child = start('debug-log', '--tail')
  const result = ran(child)
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await vi.waitUntil(() => said.includes('done: ok'), { timeout: 20_000 })
  expect(said.trim().split('\n')).toHaveLength(10)
  await kcharm('exec', '--all', '--yes', '--', 'true')
  await vi.waitUntil(() => said.includes('exec on n1'), { timeout: 20_000 })
  child.kill('SIGINT')
  expect((await result).status).toBe(130)
})

test('history and one operation: who, when, what, the outcome of each machine; one that was cut off', async () => {
  const { kcharm, start, deploy } = await lab(2)
  const child = start('deploy', LAB, ...deploy, '--yes')
  child.stderr?.once('data', () => child.kill('SIGKILL'))
  await ran(child)
  await kcharm('deploy', LAB, ...deploy, '--yes')
  await kcharm('config', 'kata', 'shims=qemu,clh', '--yes')
  const operations = JSON.parse((await kcharm('history', '--json')).stdout) as { op: string; result?: string }[]
  expect(operations).toMatchObject([
    { machines: expect.any(Object) as object },
    { result: 'ok', machines: { n1: { changes: expect.any(Number) as number }, n2: {} } },
    { title: 'config kata shims', result: 'ok', machines: { n1: { changes: 2 }, n2: { changes: 2 } } },
  ])
  expect(operations[0]?.result).toBeUndefined()
  const { stdout } = await kcharm('history', '-n', '1')
  expect(stdout).toMatch(/^[0-9a-f]{8} +\d{4}-.* UTC +ok +4 +config kata shims +\S+@\S+\n$/m)
  expect((await kcharm('history')).stdout).toMatch(/ cut off /)
  const one = (await kcharm('show-operation', operations[2]?.op.slice(0, 6) ?? '')).stdout
  expect(one).toMatch(/^Operation [0-9a-f]{8}: config kata shims\nBegun .* UTC by .*process \d+\); result: ok\n/)
  expect(one).toMatch(/^n2 +ok +2$/m)
  expect(one).toMatch(/^unit-kata-1: .* INFO hook config-changed$/m)
  expect(await kcharm('show-operation', 'zz')).toMatchObject({ status: 4 })
})

test('wait-for: what is so, what cannot be, and what is no question', async () => {
  const { kcharm, deploy } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  expect(await kcharm('wait-for', 'application', 'kata')).toMatchObject({
    status: 0,
    stdout: 'application kata: as it should be\n',
  })
  expect((await kcharm('wait-for', 'model')).status).toBe(0)
  const never = await kcharm(
    'wait-for',
    'unit',
    'kata/0',
    '--query',
    'status==blocked',
    '--timeout',
    '1',
    '--every',
    '1',
  )
  expect([never.status, never.stderr]).toEqual([
    7,
    expect.stringContaining('did not come to that within 1 s') as string,
  ])
  expect((await kcharm('wait-for', 'unit')).status).toBe(2)
  expect((await kcharm('wait-for', 'model', 'x')).status).toBe(2)
})

test('a picture of the model, from the program as it is built', async () => {
  const { kcharm, deploy, folder } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  expect((await kcharm('graph', '-o', 'model.svg')).status).toBe(0)
  expect(readFileSync(join(folder, 'model.svg'), 'utf8')).toMatch(/^<svg [^]*kata\/0 on n1: active[^]*<\/svg>\n$/)
  expect((await kcharm('graph', '--format', 'mermaid')).stdout).toContain('flowchart LR')
})
