import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuiltArchive, makeStandInKata } from '../../lib/lab/index.ts'
import { sha256 } from '../../lib/model/json.ts'
import { kataWithShim } from '../run/kata-that-lies.ts'
import { newOperator, type Operator, type Result } from './support/cli.ts'
import { isRuntimeReady } from './support/containerd.ts'
import { sessionEnded } from './support/ends.ts'
import { again, killOn } from './support/kill.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { type Mind, mindOf, mindsDiffer } from './support/mind.ts'
import { expectNoGap, startTicking, type Ticks, ticksOn } from './support/ticks.ts'

const NODE = 'n1'
/** A file that is wholly ours, where the option `memory` is set. */
const OWN = '/opt/kata-config/qemu/config.d/40-memory.toml'

let lab: TestLab
let operator: Operator
let ticks: Ticks
/** On the old version. */
let before: Mind

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-faults-kata', nodes: [{ name: NODE, containerd: true }] })
  await startTicking(lab, NODE)
  ticks = await ticksOn(lab, NODE)
  await operator.json(0, ...(await deploy(await makeStandInKata({ version: '3.20.0' }))))
  before = await mindOf(lab, NODE, BACKUPS)
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

/** What a version that was taken back once wrote stays there until the unit goes. */
const BACKUPS = [/^\/var\/lib\/kcharm\/backups$/]

test.each([
  ['is for another machine (exec format error)', '3.20.11', aarch64()],
  ['says nothing and ends with 127', '3.20.12', '#!/bin/sh\nexit 127\n'],
])('a new shim that %s: never pointed to, put back by itself', async (_what, version, shim) => {
  const done = await operator.json(8, ...(await deploy(await kataWithShim(operator.folder, { version, shim }))))
  expect(messageOf(done)).toMatch(
    new RegExp(`^stays on 3\\.20\\.0: ${version} was refused: new shim qemu: .* does not answer --version`),
  )
  await expectWell()
  await calm()
})

test('killed while it is put back, again and again: the next run goes on, and it is held in the end', async () => {
  const args = await deploy(await kataWithShim(operator.folder, { version: '3.20.13', shim: '#!/bin/sh\nexit 127\n' }))
  const seen: string[] = []
  for (const delayMs of [0, 40, 120]) {
    const { status } = await killOn(operator, args, { on: (line) => line.includes('hook rollback'), delayMs })
    if (status === 137) seen.push(`${delayMs} ms behind its hook`)
    await sessionEnded(lab, NODE)
  }
  const { status } = await killOn(operator, args, { on: (line) => line.includes('remove /opt/kata-3.20.13') })
  if (status === 137) seen.push('at its first step')
  console.log(`killed in the rollback: ${seen.join(', ')}`)
  expect(seen.length).toBeGreaterThanOrEqual(2)
  await again(operator, args, [8])
  await expectWell()
  await calm()
})

test('what puts back fails as well: in error with why and what to do; once that is mended, the same command goes on', async () => {
  const shim = '#!/bin/sh\nmountpoint -q "$0" || mount --bind "$0" "$0"\nexit 127\n'
  const broken = await kataWithShim(operator.folder, { version: '3.20.14', shim })
  const args = await deploy(broken)
  const done = await operator.json(7, ...args)
  expect(unitOf(done)).toMatchObject({ unit: 'kata/0', status: 'error' })
  expect(messageOf(done)).toMatch(/remove \/opt\/kata-3\.20\.14: .*busy/)
  await expectWell()
  await operator.json(7, ...args)
  await lab.sh(NODE, 'umount /opt/kata-3.20.14/bin/containerd-shim-kata-v2')
  await again(operator, args, [8])
  await expectWell()
  await calm()
})

test('a hand changed our file, our link and the new tree before they are taken back: named in the plan, a copy stays', async () => {
  await operator.json(0, ...(await deploy(await makeStandInKata({ version: '3.20.1' }), 'memory: 512, ')))
  const root = await lab.root(NODE)
  await appendFile(join(root, OWN), '# by a hand\n')
  const text = await readFile(join(root, OWN), 'utf8')
  await lab.sh(NODE, 'ln -sfn /srv /opt/kata; echo mine >>/opt/kata-3.20.1/VERSION')
  const shown = await operator.run('rollback', 'kata', '--dry-run')
  const copy = `/var/lib/kcharm/backups/${sha256(text)}`
  expect(shown.stdout).toMatch(
    new RegExp(`remove ${OWN} +not as kcharm left it: what somebody else wrote there goes; a copy stays in ${copy} `),
  )
  expect(shown.stdout).toContain('-# by a hand')
  expect(shown.stdout).toMatch(/put back \/opt\/kata +not as kcharm left it: somebody else has pointed it to \/srv/)
  expect(shown.stdout).toMatch(/remove \/opt\/kata-3\.20\.1 +not as kcharm left it: its files were changed since/)
  expect(await readFile(join(root, OWN), 'utf8')).toBe(text)
  const asked = await operator.run('rollback', 'kata')
  expect(asked.status, `nobody agreed: ${asked.stderr}`).not.toBe(0)
  expect(await readFile(join(root, OWN), 'utf8')).toBe(text)
  await operator.json(0, 'rollback', 'kata', '--yes')
  expect(await readFile(join(root, copy), 'utf8')).toBe(text)
  await expectWell()
  await calm()
})

test('a hand is faster than the rollback of the very run: seen, said, and put back all the same', async () => {
  const shim = `#!/bin/sh
case $0 in /opt/kata/*) ln -sfn /srv /opt/kata; exit 127 ;; esac
echo "Kata Containers containerd shim: version: 3.20.15"
`
  const broken = await kataWithShim(operator.folder, { version: '3.20.15', shim })
  const { status, stderr } = await operator.run(...(await deploy(broken)))
  expect(status, stderr).toBe(8)
  expect(stderr).toContain('put back /opt/kata: not as kcharm left it: somebody else has pointed it to /srv')
  await expectWell()
  await calm()
})

async function deploy(kata: BuiltArchive, options = ''): Promise<string[]> {
  const bundle = `applications:
  containerd: { charm: containerd, to: all }
  kata:
    charm: kata
    options: { ${options}preflight: warn }
    resources: { kata: { path: ${kata.path}, sha256: ${kata.sha256} } }
relations: [[kata, containerd]]
`
  return ['deploy', await operator.write('bundle.yaml', bundle), '-i', lab.lab.inventory, '--yes']
}

/** What was refused is not wanted any more, and all is as before. */
async function calm(): Promise<void> {
  await operator.json(0, ...(await deploy(await makeStandInKata({ version: '3.20.0' }))))
  expect(mindsDiffer(before, await mindOf(lab, NODE, BACKUPS))).toEqual([])
}

/** The old version is pointed to, the daemon is well, and the container runs on. */
async function expectWell(): Promise<void> {
  expect(await lab.sh(NODE, 'readlink /opt/kata')).toBe('/opt/kata-3.20.0')
  expect(await isRuntimeReady(lab, NODE)).toBe(true)
  await expectNoGap(lab, NODE, ticks)
}

function unitOf(result: Result) {
  return result.units?.find(({ unit }) => unit === 'kata/0')
}

function messageOf(result: Result): string {
  return unitOf(result)?.message ?? ''
}

/** The head of a program for a machine that this one is not. */
function aarch64(): Buffer {
  const head = Buffer.alloc(64)
  head.write('\x7fELF\x02\x01\x01', 'latin1')
  head.writeUInt16LE(2, 16) // a program
  head.writeUInt16LE(0xb7, 18)
  return head
}
