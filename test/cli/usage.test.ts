import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, shell } from './kcharm.ts'

test('help names every command, and a command’s help its flags', async () => {
  const { kcharm } = shell()
  const { stdout } = await kcharm('--help')
  const manifest = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, { hidden?: boolean }>
  }
  const shown = Object.entries(manifest.commands).filter(([, { hidden }]) => !hidden)
  const topLevel = shown.map(([id]) => id.split(':')[0] ?? id)
  for (const name of topLevel) expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
  const deploy = await kcharm('deploy', 'bundle', '--help')
  expect(deploy.status).toBe(0)
  for (const flag of ['--inventory', '--machine', '--resource', '--config', '--prune', '--yes', '--dry-run', '--json'])
    expect(deploy.stdout).toContain(flag)
})

describe('a wrong command line says what is wrong, exit status 2', () => {
  test.each<[string[], string]>([
    [['deplo', 'x.yaml'], 'did you mean "deploy"?'],
    [['deploy'], 'Missing 1 required arg'],
    [['deploy', 'x.yaml', '--frobnicate'], 'Nonexistent flag: --frobnicate'],
    [['deploy', 'kata', '--resource', 'kata'], 'expected APP:NAME=VALUE'],
    [['deploy', 'kata', '--resource', 'kata=x'], 'expected APP:NAME=VALUE'],
    [['deploy', 'kata', '--config', 'preflight'], 'expected [APP:]NAME=VALUE'],
    [['deploy', 'kata', '--machine', '=x'], 'expected ID=ADDRESS'],
    [['deploy', 'kata', '--prune'], '--prune is for a bundle'],
    [['deploy', 'kata', '--overlay', 'x.yaml'], '--overlay is for a bundle'],
    [['deploy', 'bundle', 'x.yaml', '--to', 'all'], '--to and --name are for a charm'],
    [['status', '--model', '../x'], 'is no name for a model'],
    [['status', '--format', 'xml'], 'Expected --format=xml to be one of'],
    [['config', 'kata', 'preflight'], 'expected KEY=VALUE'],
    [['adopt'], 'expected a bundle, or an inventory alone'],
    [['lab', 'up', '--vm', '--rootless'], '--vm'],
  ])('kcharm %j', async (argv, says) => {
    const { status, stdout, stderr } = await shell().kcharm(...argv)
    expect(stderr).toContain(says)
    expect(stderr).toMatch(/^error: /)
    expect(stderr).not.toContain('    at ')
    expect([status, stdout]).toEqual([2, ''])
  })
})

test.each([
  ['18.20.4', 2],
  ['20.18.1', 2],
  ['20.19.0', 0],
  ['22.0.0', 0],
])('under Node %s exit status %i', async (version, status) => {
  const preload = join(shell().folder, 'version.cjs')
  const versions = `{ ...process.versions, node: '${version}' }`
  writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
  const ran = await shell({ NODE_OPTIONS: `--require=${preload}` }).kcharm('--version')
  expect(ran.status).toBe(status)
  expect(ran.stderr.startsWith('error: kcharm needs Node 20.19 or later')).toBe(status === 2)
})

describe('what is named and does not exist is exit status 4', () => {
  test.each<[string[], string]>([
    [['deploy', 'kat'], 'did you mean "kata"?'],
    [['deploy', './none.yaml'], 'there is no bundle ./none.yaml'],
    [['apply', 'none.plan'], 'there is no plan none.plan'],
    [['charm', 'show', 'containrd'], 'did you mean "containerd"?'],
    [['resource', 'pin', 'none.tar'], 'none.tar cannot be read'],
    [['status'], 'kcharm deploy bundle BUNDLE --inventory FILE'],
    [['relate', 'a', 'b'], 'there is no record of a model default'],
    [['resolve', 'a/0'], 'there is no record of a model default'],
    [['remove', 'a'], 'there is no record of a model default'],
    [['show-unit', 'a/0'], 'there is no record of a model default'],
    [['diff', '--model', 'other'], 'FILE --model other'],
    [['config', 'kata'], 'there is no record of a model default'],
    [['lab', 'status', 'none'], 'none'],
  ])('kcharm %j', async (argv, says) => {
    const sh = shell({ XDG_STATE_HOME: '/nonexistent' })
    const { status, stderr } = await sh.kcharm(...argv)
    expect(stderr).toContain(says)
    expect(status).toBe(4)
  })
})

test('all faults of a bundle come at once, with their places, before any connection', async () => {
  const { folder, kcharm } = shell()
  writeFileSync(
    join(folder, 'b.yaml'),
    'applications:\n  a: { charm: kata, opions: {} }\n  b: { charm: containrd }\nx: 1\n',
  )
  const { status, stderr } = await kcharm('deploy', './b.yaml', '--machine', 'n1=127.0.0.1:1')
  expect(status).toBe(3)
  expect(stderr.match(/^ {2}\.\/b\.yaml:\d+:\d+: /gm)?.length).toBeGreaterThanOrEqual(3)
  expect(stderr).toContain('did you mean "options"?')
})

test('--json gives errors as one document too', async () => {
  const { kcharm } = shell()
  for (const argv of [['status'], ['deploy', '--frobnicate', 'x'], ['charm', 'show', 'x']]) {
    const { stdout, status } = await kcharm(...argv, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ error: { exit: status } })
  }
})

test('a reader who has had enough ends kcharm without a word', async () => {
  const child = shell().start('charm', 'show', 'kata', '--json')
  const said: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  child.stdout?.destroy()
  const [status] = (await once(child, 'close')) as [number]
  expect([status, said.join('')]).toEqual([0, ''])
})

test('a charm is shown with its statechart', async () => {
  const { kcharm } = shell()
  expect((await kcharm('charm', 'show', 'kata')).stdout).toContain('preflight: block | warn (default "block")')
  expect((await kcharm('charm', 'show', 'kata', '--statechart')).stdout).toMatch(/^stateDiagram-v2\n/)
  const { stdout } = await kcharm('charm', 'show', 'kata', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ name: 'kata', subordinate: true, endpoints: [{ name: 'runtime' }] })
})

test('a pinned file is vouched for beside its bundle, again with the same text', async () => {
  const { folder, kcharm } = shell()
  mkdirSync(join(folder, 'bundles'))
  writeFileSync(join(folder, 'kata.tar'), 'bytes')
  const pin = () => kcharm('resource', 'pin', 'kata.tar', '--bundle', 'bundles/b.yaml')
  expect((await pin()).status).toBe(0)
  const lock = readFileSync(join(folder, 'bundles/kcharm.lock.yaml'), 'utf8')
  expect(lock).toMatch(/kata\.tar: [0-9a-f]{64}/)
  await pin()
  expect(readFileSync(join(folder, 'bundles/kcharm.lock.yaml'), 'utf8')).toBe(lock)
})
