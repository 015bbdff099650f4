import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lab, LAB } from './lab.ts'

test('the state folder is gone: adopt brings the model back and shows where the bundle differs', async () => {
  const { kcharm, deploy, folder } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  await kcharm('config', 'containerd', 'restrict_oom_score_adj=true', '--yes')
  await kcharm('unrelate', 'kata', 'containerd', '--yes')
  rmSync(join(folder, 'state'), { recursive: true })
  const lost = await kcharm('status')
  expect([lost.status, lost.stderr.includes('kcharm adopt restores it')]).toEqual([4, true])
  const { status, stdout, stderr } = await kcharm('adopt', LAB, '-i', 'inventory.yaml')
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^ *containerd\/0\*? +active +n1/m)
  expect(stdout).toContain('The bundle would declare otherwise:')
  expect(stdout).toMatch(/^\+.*kata/m)
  const options = JSON.parse((await kcharm('config', 'containerd', '--json')).stdout) as object
  expect(options).toMatchObject({ restrict_oom_score_adj: { value: 'true', source: 'config' } })
  expect((await kcharm('adopt', LAB, '-i', 'inventory.yaml')).status).toBe(2)
})
