import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG } from '../../charms/containerd/observe.ts'
import { ran } from './kcharm.ts'
import { lab, LAB } from './lab.ts'

test('a session: shown, refused without a yes, deployed, changed, looked at, removed', async () => {
  const { kcharm, deploy, root } = await lab()
  const refused = await kcharm('deploy', 'bundle', LAB, ...deploy)
  expect(refused.status).toBe(14)
  expect(refused.stdout).toContain('will be active')
  expect(refused.stderr).toContain('hint: look at them, then add --yes')
  expect(existsSync(join(root, 'var/lib/kcharm'))).toBe(false)

  const deployed = await kcharm('deploy', 'bundle', LAB, ...deploy, '--yes')
  expect([deployed.status, deployed.stderr.match(/error/i)]).toEqual([0, null])
  expect(deployed.stdout).toMatch(/^ {2}kata\/0 +active +n1 +Kata 3\.20\.0.*preflight warns/m)
  expect(deployed.stderr).toMatch(/^\d\d:\d\d:\d\d n1 containerd\/0 hook install$/m)

  const again = await kcharm('deploy', LAB, ...deploy)
  expect([again.status, again.stdout]).toEqual([0, 'Model default: no changes on 1 machine.\n'])
  expect((await kcharm('diff')).status).toBe(0)

  const log = (await kcharm('debug-log', '--unit', 'containerd/0')).stdout
  const hooks = [...log.matchAll(/^unit-containerd-0: \d\d:\d\d:\d\d INFO hook (.*)$/gm)].map(([, hook]) => hook)
  expect(hooks.slice(0, 4)).toEqual(['install', 'handlers-relation-created', 'config-changed', 'start'])
  expect((await kcharm('debug-log', '-n', '1')).stdout).toMatch(/INFO done: ok\n$/)

  expect((await kcharm('show-unit', 'kata/0')).stdout).toContain('key: tree:/opt/kata-3.20.0')
  const options = JSON.parse((await kcharm('config', 'kata', '--json')).stdout) as object
  expect(options).toMatchObject({ preflight: { value: 'warn', source: 'bundle' } })

  const removed = await kcharm('remove', 'kata', '--yes', '--json')
  expect(JSON.parse(removed.stdout)).toMatchObject({ carriedOut: true, result: 'ok', exit: 0 })
  expect((await kcharm('status', '--format', 'yaml')).stdout).not.toContain('kata/0')
  expect((await kcharm('status', '--refresh', '--json')).status).toBe(0)
})

test('diff says 5 when a hand has changed what is declared; a kept plan refuses that machine, 6', async () => {
  const { kcharm, deploy, root, folder } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  const wish = ['--config', 'containerd:restrict_oom_score_adj=true', '--out', 'a.plan', '--html', 'a.html']
  const plan = await kcharm('plan', LAB, ...deploy, ...wish)
  expect([plan.status, plan.stdout.includes('kcharm apply a.plan carries it out')]).toEqual([0, true])
  expect(readFileSync(join(folder, 'a.html'), 'utf8')).toMatch(/<h2>n1<\/h2>[^]* edit \/etc\/containerd\/config.toml/)
  const file = join(root, CONFIG)
  writeFileSync(file, readFileSync(file, 'utf8').replace('kata-qemu]', 'kata-hand]'))
  const { status, stdout } = await kcharm('diff')
  expect([status, stdout.includes('edit /etc/containerd/config.toml')]).toEqual([5, true])
  const refused = await kcharm('apply', 'a.plan')
  expect([refused.status, refused.stderr.includes('file:/etc/containerd/config.toml')]).toEqual([6, true])
  appendFileSync(join(folder, 'a.plan'), ' ')
  expect((await kcharm('apply', 'a.plan', '--model', 'other')).status).toBe(2)
})

test('an interrupted run says that the next one goes on, and that one does', async () => {
  const { kcharm, start, deploy, root } = await lab()
  const child = start('deploy', LAB, ...deploy, '--yes')
  child.stderr?.once('data', () => child.kill('SIGINT'))
  const { status, stdout, stderr } = await ran(child)
  expect([status, stderr.includes('stopped by the user; the next run goes on')]).toEqual([130, true])
  expect(stderr).toContain('Stopping after the steps that run now; Ctrl-C again stops at once.')
  expect(stdout).toMatch(/^n1 +failed .*stopped by the user before its next step$/m)
  // What had begun was finished: each intent has its done.
  const lines = readFileSync(join(root, 'var/lib/kcharm/manifest'), 'utf8')
  expect(lines.match(/"t":"intent"/g)?.length).toBe(lines.match(/"t":"done"/g)?.length)
  expect((await kcharm('deploy', LAB, ...deploy, '--yes')).status).toBe(0)
  expect((await kcharm('diff')).status).toBe(0)
})

test('interrupted twice it stops at once, and the next run goes on all the same', async () => {
  const { kcharm, start, deploy } = await lab()
  const child = start('deploy', LAB, ...deploy, '--yes')
  child.stderr?.on('data', () => child.kill('SIGINT'))
  const { status, stdout } = await ran(child)
  expect([status, /^Machine/m.test(stdout)]).toEqual([130, false])
  expect((await kcharm('deploy', LAB, ...deploy, '--yes')).status).toBe(0)
  expect((await kcharm('diff')).status).toBe(0)
})

test('a look that does not end is given up when the time of the command is over, and changes nothing', async () => {
  const { kcharm, deploy, root } = await lab()
  const systemctl = join(root, '../bin/systemctl')
  const text = readFileSync(systemctl, 'utf8')
  writeFileSync(systemctl, '#!/bin/sh\nexec sleep 120\n')
  const { status, stdout } = await kcharm('deploy', LAB, ...deploy, '--yes', '--timeout', '8')
  expect([status, /not done after [1-8] s, so it was ended: .*sleep 120/.test(stdout)], stdout).toEqual([7, true])
  expect(existsSync(join(root, 'var/lib/kcharm'))).toBe(false)
  writeFileSync(systemctl, text)
  expect((await kcharm('deploy', LAB, ...deploy, '--yes')).status).toBe(0)
})
