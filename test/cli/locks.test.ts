import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { shell } from './kcharm.ts'
import { lab, LAB } from './lab.ts'

test('lock status and lock break: free, held by a step, refused, not without a yes', async () => {
  const { kcharm, start, deploy, root } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  expect((await kcharm('lock', 'status')).stdout).toMatch(/^model default +free\nn1 +free$/m)
  expect(await kcharm('lock', 'break')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Nobody holds') as string,
  })

  const child = start('exec', '--all', '--yes', '--', 'cd "$R"; : >began; until [ -e go ]; do sleep 0.1; done')
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await vi.waitFor(() => expect(existsSync(join(root, 'began'))).toBe(true), { timeout: 30_000 })
  const status = await kcharm('lock', 'status', '--json')
  expect(JSON.parse(status.stdout)).toMatchObject({
    model: { name: 'default' },
    machines: [{ machine: 'n1', holder: expect.stringContaining('(kcharm exec, process ') as string }],
  })
  const asked = await kcharm('lock', 'break', 'n1')
  expect([asked.status, asked.stdout.includes('a step runs'), asked.stderr.includes('add --yes')]).toEqual([
    14,
    true,
    true,
  ])
  const refused = await kcharm('lock', 'break', 'n1', '--yes', '--wait', '0')
  expect([refused.status, refused.stdout.includes('is not cut off in the middle')]).toEqual([12, true])
  writeFileSync(join(root, 'go'), '')
  expect(await ended).toBe(0)
  expect((await kcharm('lock', 'break', 'n7')).status).toBe(4)
})

test('the lock of a model whose first deploy died on another host', async () => {
  const { kcharm, folder } = shell()
  const place = join(folder, 'state/models/default')
  mkdirSync(place, { recursive: true })
  const claim = { pid: 4711, host: 'the-other-laptop', at: 1_700_000_000_000, holder: 'bob@the-other-laptop' }
  writeFileSync(join(place, 'lock.4711-0123456789ab'), JSON.stringify(claim))
  expect((await kcharm('lock', 'break')).status).toBe(14)
  expect((await kcharm('lock', 'break', '--yes')).status).toBe(0)
  expect((await kcharm('lock', 'status')).stdout).toMatch(/^model default +free$/m)
})
