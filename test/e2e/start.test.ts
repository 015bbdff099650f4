import { spawn, type SpawnOptions } from 'node:child_process'
import { chown, cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { NOBODY } from '../../lib/lab/rootless/identity.ts'
import { ended, type Ran, ROOT } from './support/cli.ts'

let folder: string
let place: SpawnOptions

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcharm-e2e-start-'))
  place = { cwd: ROOT, env: { ...process.env, XDG_STATE_HOME: folder, NO_COLOR: '1' } }
})

afterEach(async () => {
  await run('node', ['bin/run.cjs', 'lab', 'down', 'tour'])
  await rm(folder, { recursive: true })
})

function run(program: string, args: string[]): Promise<Ran> {
  return ended(spawn(program, args, { ...place, stdio: ['ignore', 'pipe', 'pipe'] }))
}

const TABLE = [
  /^containerd\/0 +active +n1 /m,
  /^ {2}kata\/2 +active +n3 .*preflight warns/m,
  /^kata:runtime +containerd:handlers +runtime-handlers +joined$/m,
]

async function expectTour(first: Ran, kind: RegExp): Promise<void> {
  expect(first.status, first.stdout + first.stderr).toBe(0)
  for (const words of [kind, ...TABLE]) expect(first.stdout).toMatch(words)
  const next = first.stdout.slice(first.stdout.indexOf('What to try next'))
  const commands = [...next.matchAll(/^ {2}kcharm (.+?) {2,}/gm)].map(([, command = '']) => command.split(' '))
  expect(commands).toHaveLength(6)
  for (const args of commands) {
    const changes = ['config', 'unrelate'].includes(args[0] ?? '')
    const model = args[0] === 'lab' ? [] : ['--model', 'tour']
    const ran = await run('node', ['bin/run.cjs', ...args, ...(changes ? ['--yes'] : []), ...model])
    expect(ran.status, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toBe(0)
  }
}

test('the first command, as root: systemd machines; again it finds them as they should be', async () => {
  const first = await run('npm', ['start'])
  const second = await run('npm', ['start'])
  expect(second.stdout).toContain('Model tour: no changes on 3 machines.')
  await expectTour(first, /^Three throwaway nodes: systemd containers/m)
})

test('the first command, from the packed files and without root: rootless nodes, and it says so', async () => {
  const packed = await unpackAsNobody()
  const env = { PATH: process.env['PATH'], HOME: packed, NO_COLOR: '1' }
  place = { cwd: packed, uid: NOBODY, gid: NOBODY, env }
  await expectTour(
    await run('node', ['bin/start.js']),
    /^Three throwaway nodes without root: .* stand-ins for systemctl/m,
  )
})

/** What `files` of package.json names is all that is needed. */
async function unpackAsNobody(): Promise<string> {
  const files = z
    .object({ files: z.array(z.string()) })
    .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')))
  const packed = join(folder, 'packed')
  for (const name of ['package.json', ...files.files])
    await cp(join(ROOT, name), join(packed, name), { recursive: true })
  await chown(folder, NOBODY, NOBODY)
  await chown(packed, NOBODY, NOBODY)
  return packed
}
