import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planObject, type HostObject } from '../../lib/host/objects.ts'
import { MANIFEST } from '../../lib/host/shell.ts'
import { DRIFTED, parseReadings, renderReadings, UNRECORDED } from '../../lib/host/step.ts'
import { sha256 } from '../../lib/model/json.ts'
import { parseManifest } from '../../lib/lifecycle/manifest.ts'
import { SURROUNDINGS } from '../ssh/shells.ts'
import { testMachine, type TestMachine } from './machine.ts'

const object: HostObject = { kind: 'file', path: '/etc/conf', text: 'new\n' }

describe.each(SURROUNDINGS)('%s', (name) => {
  test('intent, write and done stand in the manifest, in this order', async () => {
    const on = await testMachine(name)
    const intent = `{"t":"intent","verb":"it's \\"x\\" $HOME \\\\n"}`
    on.carry(changeOf(on), { intent: ['{"t":"begin"}', intent], done: ['{"t":"done","n":1}'] })
    expect(readFileSync(join(on.root, MANIFEST), 'utf8')).toBe(`{"t":"begin"}\n${intent}\n{"t":"done","n":1}\n`)
    expect(readFileSync(join(on.root, 'etc/conf'), 'utf8')).toBe('new\n')
    expect(statSync(join(on.root, MANIFEST)).mode & 0o777).toBe(0o600)
  })

  test('a torn last line of the manifest costs only itself', async () => {
    const on = await testMachine(name)
    mkdirSync(join(on.root, 'var/lib/kcharm'), { recursive: true })
    writeFileSync(join(on.root, MANIFEST), '{"t":"done","n":1}\n{"t":"do')
    on.carry(changeOf(on), { done: ['{"t":"done","n":2}'] })
    expect(parseManifest(readFileSync(join(on.root, MANIFEST), 'utf8'))).toEqual([
      { t: 'done', n: 1 },
      { t: 'done', n: 2 },
    ])
  })

  test('a step does not run on anything but what was read', async () => {
    const on = await testMachine(name)
    const change = changeOf(on)
    writeFileSync(join(on.root, 'etc/conf'), 'a hand was faster\n')
    expect(on.carry(change, { expected: 'none', intent: ['{}'] }).status).toBe(DRIFTED)
    expect(readFileSync(join(on.root, 'etc/conf'), 'utf8')).toBe('a hand was faster\n')
    expect(existsSync(join(on.root, MANIFEST))).toBe(false)
  })

  test('without a record there is no write', async () => {
    const on = await testMachine(name)
    mkdirSync(join(on.root, MANIFEST), { recursive: true })
    expect(on.carry(changeOf(on), { intent: ['{}'] }).status).toBe(UNRECORDED)
    expect(existsSync(join(on.root, 'etc/conf'))).toBe(false)
  })

  test('a write that fails halfway leaves no new file beside the place', async () => {
    const on = await testMachine(name)
    const backups = join(on.root, 'var/lib/kcharm/backups')
    mkdirSync(join(backups, '..'), { recursive: true })
    writeFileSync(backups, 'no folder')
    expect(on.carry(changeOf(on), { intent: ['{}'] }).status).toBe(1)
    expect(readdirSync(join(on.root, 'etc')).filter((each) => each.includes('conf'))).toEqual([])
  })

  test('a failed write is not done', async () => {
    const on = await testMachine(name)
    const { status, stderr } = on.carry({ ...changeOf(on), script: 'kc_say no; exit 7' }, { done: ['{"t":"done"}'] })
    expect({ status, stderr }).toEqual({ status: 7, stderr: 'kcharm: no\n' })
    expect(existsSync(join(on.root, MANIFEST))).toBe(false)
  })

  test('old and new bytes are kept, once, for the eyes of root', async () => {
    const on = await testMachine(name)
    writeFileSync(join(on.root, 'etc/conf'), 'old\n')
    on.make(object)
    on.make({ ...object, text: 'old\n' })
    const kept = join(on.root, 'var/lib/kcharm/backups')
    expect(readdirSync(kept).sort()).toEqual([sha256('old\n'), sha256('new\n')].sort())
    expect(statSync(join(kept, sha256('old\n'))).mode & 0o777).toBe(0o600)
    expect(statSync(kept).mode & 0o777).toBe(0o700)
  })

  test('a content that looks like a frame is none', async () => {
    const on = await testMachine(name)
    const cat = (file: string) => ({ key: file, lasting: 'fact' as const, script: `cat "$R/${file}"`, parse: String })
    writeFileSync(join(on.root, 'one'), '\nmark 1\nfalse\nmark end\n')
    writeFileSync(join(on.root, 'two'), 'true\n\n')
    const { stdout } = on.sh(renderReadings([cat('one'), cat('two'), cat('three')], 'secret'))
    expect([...parseReadings(stdout, 'secret')]).toEqual([
      [0, '\nmark 1\nfalse\nmark end'],
      [1, 'true'],
      [2, ''],
    ])
  })
})

test('what a machine did not get to say is left out', () => {
  expect([...parseReadings('noise\nm 0\na\n\nm 1\nb', 'm')]).toEqual([
    [0, 'a'],
    [1, 'b'],
  ])
  expect([...parseReadings('', 'm')]).toEqual([])
})

function changeOf(on: TestMachine) {
  const change = planObject(object, on.view)
  if (!change) throw new Error('nothing to do')
  return change
}
