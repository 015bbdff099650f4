import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { ROOT, shell } from './kcharm.ts'
import { lab, LAB } from './lab.ts'

test('models: made, listed, switched to, named first by a flag, and one that cannot be read is shown', async () => {
  const { kcharm, folder } = shell()
  expect((await kcharm('models')).stdout).toContain('There is no model yet')
  expect((await kcharm('switch')).stdout).toBe('default\n')
  expect((await kcharm('switch', 'none')).status).toBe(4)
  expect((await kcharm('add-model', 'a')).status).toBe(0)
  expect((await kcharm('add-model', 'b')).status).toBe(0)
  expect(await kcharm('add-model', 'a')).toMatchObject({ status: 2, stderr: 'error: there is a model a already\n' })
  expect((await kcharm('switch', 'a')).stdout).toBe('a\n')
  expect((await kcharm('status')).stdout).toMatch(/^a +never$/m)
  expect((await kcharm('status', '-m', 'b')).stdout).toMatch(/^b +never$/m)
  writeFileSync(join(folder, 'state/models/b/model.json'), '{')
  const { stdout } = await kcharm('models')
  expect(stdout).toMatch(/^a\* +0 +0 +never$/m)
  expect(stdout).toMatch(/^b +0 +0 +.*model\.json/m)
  expect(JSON.parse((await kcharm('models', '--json')).stdout)).toMatchObject([
    { name: 'a', current: true },
    { name: 'b', current: false, fault: expect.any(String) as string },
  ])
})

test('units and machines come and go; the model is exported and deploys again without a change; it is destroyed', async () => {
  const { kcharm, deploy, folder, roots } = await lab(3)
  writeFileSync(join(folder, 'bundle.yaml'), readFileSync(LAB, 'utf8').replace('to: all', 'to: n1'))
  const steps = async (...words: string[]) => await kcharm(...words, '--yes')
  expect((await steps('deploy', 'bundle.yaml', ...deploy)).status).toBe(0)
  expect((await steps('add-unit', 'containerd', '-n', '5')).stderr).toContain('2 of the model’s machines have no unit')
  expect((await steps('add-unit', 'containerd', '--to', 'n1')).stderr).toContain('n1 has a unit of containerd already')
  expect((await steps('add-unit', 'containerd', '--to', 'n4')).status).toBe(4)
  expect((await steps('add-unit', 'kata')).stderr).toContain('kata is a subordinate')
  expect((await steps('add-unit', 'containerd', '--to', 'n3')).stdout).toMatch(/^ {2}kata\/1 +active +n3/m)
  expect((await steps('add-unit', 'containerd')).stdout).toMatch(/^ {2}kata\/2 +active +n2/m)

  const machines = (await kcharm('machines')).stdout
  expect(machines).toMatch(/^n2 +reached +root@127\.0\.0\.1:\d+ +containerd\/2 kata\/2$/m)
  expect(JSON.parse((await kcharm('show-machine', 'n3', '--json')).stdout)).toMatchObject({
    ...{ name: 'n3', user: 'root', units: { 'containerd/1': 'active', 'kata/1': 'active' } },
  })
  expect(parse((await kcharm('show-application', 'kata')).stdout)).toMatchObject({
    ...{ application: 'kata', charm: 'kata', status: 'active', subordinate: true },
    ...{ options: { bundle: { preflight: 'warn' } }, relations: [['kata:runtime', 'containerd:handlers']] },
  })
  expect((await kcharm('show-machine', 'n9')).stderr).toContain('the model has no machine n9')

  expect((await kcharm('export-bundle', '-o', 'again.yaml')).status).toBe(0)
  const again = await kcharm('deploy', 'again.yaml', '-i', 'inventory.yaml', '--dry-run')
  expect(again.stdout).toBe('Model default: no changes on 3 machines.\n')

  expect(await kcharm('diff-bundle', 'again.yaml')).toMatchObject({ status: 0, stdout: '' })
  const differs = await kcharm('diff-bundle', 'bundle.yaml', ...deploy.slice(2))
  expect([differs.status, differs.stdout]).toEqual([
    5,
    expect.stringMatching(/^- {4}to: all\n\+ {4}to:\n\+ {6}- n1$/m) as string,
  ])

  expect((await steps('remove-unit', 'containerd')).stderr).toContain('expected APP/NUMBER')
  expect((await steps('remove-unit', 'containerd/1')).status).toBe(0)
  expect(readdirSync(join(roots[2] ?? '', 'opt')).filter((name) => name.startsWith('kata'))).toEqual([])
  expect((await steps('remove-machine', 'n2')).status).toBe(0)
  expect((await kcharm('machines')).stdout).not.toContain('n2')
  expect(existsSync(join(roots[1] ?? '', 'var/lib/kcharm/manifest'))).toBe(false)

  const dry = await kcharm('destroy-model', 'default', '--dry-run')
  expect([dry.status, existsSync(join(folder, 'state/models/default/model.json'))]).toEqual([0, true])
  const gone = await steps('destroy-model', 'default')
  expect([gone.status, gone.stdout.includes('Model default is gone.')]).toEqual([0, true])
  expect((await kcharm('status')).status).toBe(4)
  expect(existsSync(join(roots[0] ?? '', 'var/lib/kcharm'))).toBe(false)
})

test('another file for a resource: its digest has to be vouched for anew', async () => {
  const { kcharm, deploy, folder } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  writeFileSync(join(folder, 'kata-static-3.99.0-amd64.tar.xz'), 'not one')
  const unknown = await kcharm('attach-resource', 'kata', 'kat=x', '--yes')
  expect(unknown.stderr).toContain('kata has no resource kat')
  expect((await kcharm('attach-resource', 'kata', '--yes')).stderr).toContain('expected NAME=FILE or NAME=URL')
  const unvouched = await kcharm('attach-resource', 'kata', 'kata=kata-static-3.99.0-amd64.tar.xz', '--yes')
  expect([unvouched.status, unvouched.stderr]).toEqual([3, expect.stringContaining('kcharm resource pin') as string])
  const same = deploy.at(-1)?.replace('kata:', '') ?? ''
  const pinned = await kcharm('resource', 'pin', same.replace('kata=', ''))
  expect(pinned.status).toBe(0)
  expect((await kcharm('attach-resource', 'kata', same, '--yes')).status).toBe(0)
})

test('ssh and scp log in as the inventory says', async () => {
  const { kcharm, deploy, folder, root } = await lab()
  await kcharm('deploy', LAB, ...deploy, '--yes')
  const said = await kcharm('ssh', 'containerd/0', '--', 'echo "$KCHARM_ROOT"; exit 3')
  expect([said.status, said.stdout]).toEqual([3, `${root}\n`])
  expect((await kcharm('ssh', 'containerd/7')).status).toBe(4)
  writeFileSync(join(folder, 'a'), 'text')
  expect((await kcharm('scp', 'a', 'b')).stderr).toContain('expected one machine')
  expect((await kcharm('scp', '-O', 'a')).status).toBe(2)
})

test.each([
  ['bootstrap', 'there is no controller', 'kcharm deploy bundle BUNDLE --inventory FILE'],
  ['expose', 'it opens and divides no networks', 'firewalls'],
  ['spaces', 'it opens and divides no networks', 'networks'],
  ['add-machine', 'machines are not made here', 'add it to the inventory'],
  ['integrate', 'here it is called relate', 'kcharm relate A B'],
  ['resolved', 'here it is called resolve', 'kcharm resolve UNIT'],
])('a verb that only Juju has: %s', async (verb, why, instead) => {
  const { status, stderr } = await shell().kcharm(verb, 'kata')
  expect(status).toBe(2)
  expect(stderr).toContain(`kcharm has no ${verb}: ${why}`)
  expect(stderr).toContain(instead)
})

test('at a terminal the changes are asked about, and a key with a passphrase is opened', async () => {
  const { folder, deploy } = await lab()
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'open sesame', '-f', join(folder, 'user')])
  const words = [
    'bin/run.cjs',
    'deploy',
    LAB,
    ...deploy.map((word) => word.replace('inventory', `${folder}/inventory`)),
  ]
  const env = { ...process.env, KCHARM_STATE: join(folder, 'state'), NO_COLOR: '1' }
  const child = spawn('script', ['-qec', [process.execPath, ...words].join(' '), '/dev/null'], { cwd: ROOT, env })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const answer = async (question: string, text: string): Promise<void> => {
    await vi.waitUntil(() => said.includes(question), { timeout: 30_000 })
    child.stdin.write(`${text}\n`)
  }
  await answer('Passphrase for the key', 'open sesame')
  await answer('Carry it out? [y/N]', 'y')
  const [status] = (await once(child, 'close')) as [number]
  expect([status, said.includes('open sesame')]).toEqual([0, false])
  expect(said).toMatch(/kata\/0 +active/)
})

test('the state folder holds what is there, for its owner alone', async () => {
  const { kcharm, folder } = shell()
  await kcharm('add-model', 'a')
  expect(readFileSync(join(folder, 'state/current'), 'utf8')).toBe('a\n')
})
