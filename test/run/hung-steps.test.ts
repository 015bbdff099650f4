import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { DEADLINES, stepsWithin } from '../../lib/run/deadlines.ts'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { operate } from '../../lib/run/operate.ts'
import { worstOf } from '../../lib/run/outcome.ts'
import { blobProvider } from '../../lib/run/provide-blob.ts'
import type { Workspace } from '../../lib/run/workspace.ts'
import { processesOf } from '../ssh/processes.ts'
import { BOTH, statuses, testOperator } from './operator.ts'

interface Row {
  /** The program that hangs, and its argument that makes it do so. */
  program: string
  argument: string
  unit: string
  says: RegExp
}

const ENDED = String.raw`not done after \d s, so it was ended: .*sleep 543 \(process \d+\)`

const ROWS: [string, Row][] = [
  [
    'a package manager',
    {
      program: 'apt-get',
      argument: '--allow-downgrades',
      unit: 'containerd/0',
      says: new RegExp(String.raw`^install containerd .*: ${ENDED}; the machine now shows none$`),
    },
  ],
  [
    'a restart of a service',
    {
      program: 'systemctl',
      argument: 'restart',
      unit: 'containerd/0',
      says: new RegExp(String.raw`^(?:re)?start containerd: ${ENDED}; the machine now shows loaded inactive`),
    },
  ],
  [
    'an unpacking',
    {
      program: 'tar',
      argument: '-xpof',
      unit: 'kata/0',
      says: new RegExp(String.raw`^unpack \S+ to /opt/kata-3.20.0: ${ENDED}; the machine now shows none$`),
    },
  ],
  [
    'a probe',
    { program: 'ctr', argument: 'plugins', unit: 'containerd/0', says: new RegExp(String.raw`^n1: ${ENDED}$`) },
  ],
]

test.each(ROWS)(
  '%s that hangs is ended on the machine: its unit says so, the lock is free, and the next run gets in',
  async (_what, { program, argument, unit, says }) => {
    const on = await testOperator(2)
    const root = on.nodes[0]?.root ?? ''
    const free = layHanging(root, program, argument)
    const deadlines = { ...stepsWithin(2), reading: program === 'ctr' ? 6 : DEADLINES.reading }
    const outcome = await operate({ ...on.work(), deadlines }, on.deploy(BOTH()))
    const found = outcome.units.find(({ record }) => record.unit === unit)
    expect(found).toMatchObject({ status: 'error', message: expect.stringMatching(says) as string })
    expect(worstOf(outcome)).toBe('unit-failed')
    expect(outcome.failed).toEqual([])
    expect(statuses(outcome)).toEqual(expect.arrayContaining(['containerd/1 n2 active', 'kata/1 n2 active']))
    expect(existsSync(join(root, 'run/kcharm/lock'))).toBe(false)
    expect(processesOf(root).filter((command) => command.includes('543'))).toEqual([])

    free()
    const again = await on.run(on.deploy(BOTH()))
    expect(worstOf(again), JSON.stringify(again.units)).toBeUndefined()
  },
  120_000,
)

test('a download that hangs is ended on the machine, which says so', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  const { sha256 } = await makeStandInKata({})
  const url = `http://localhost:${(server.address() as AddressInfo).port}/kata-static-3.20.0-amd64.tar.xz`
  const on = await testOperator(1)
  const lines = `options: { preflight: warn }, resources: { kata: { url: '${url}', sha256: ${sha256}, fetch: node } }`
  const provideBlob = blobProvider({ ...DEADLINES, download: 2 })
  const outcome = await operate(
    { ...on.work(), provideBlob },
    on.deploy(BOTH(lines), { resources: {}, lock: { resources: {} } }),
  )
  const kata = outcome.units.find(({ record }) => record.unit === 'kata/0')
  expect(kata?.message).toMatch(
    /cannot be fetched by the machine: not done after 2 s, so it was ended: (curl|wget) .*\(process \d+\)/,
  )
})

test('whoever waits sees what for, since when, and for how long at most', async () => {
  const on = await testOperator(1)
  layHanging(on.nodes[0]?.root ?? '', 'apt-get', '--allow-downgrades')
  const said: string[] = []
  const follow: Workspace['follow'] = (_machine, event) => {
    if (event.kind === 'progress') said.push(event.text)
  }
  const only = on.deploy('applications: { containerd: { charm: containerd, to: all } }', { resources: {} })
  await operate({ ...on.work(), follow, deadlines: { package: 7 } }, only)
  expect(said[0]).toMatch(/^waits for install containerd .*: 5 s of at most 7 s$/)
})

test('a login that hangs is given up, and shown until then', async () => {
  const silent = createSocket().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const on = await testOperator(1)
  const said: string[] = []
  const open = machineOpener({ say: (line) => said.push(line), seconds: 7 })
  const [machine] = on.machines
  if (machine === undefined) throw new Error('one machine was asked for')
  const opening = open({ ...machine, port: (silent.address() as AddressInfo).port })
  await expect(opening).rejects.toMatchObject({ code: 'connection', message: /no answer within 7 s$/ })
  expect(said).toEqual(['n1 waits for its login: 5 s of at most 7 s'])
})

/** Lays a program before a node's own that hangs at that argument, and ignores gentle signals, until it is freed. */
function layHanging(root: string, program: string, argument: string): () => void {
  const bin = join(root, '../bin')
  const own = join(bin, 'own')
  mkdirSync(own)
  symlinkSync('../packages', join(bin, 'packages'))
  const usual = existsSync(join(bin, program))
  if (usual) renameSync(join(bin, program), join(own, program))
  const flag = join(root, '../hangs')
  writeFileSync(flag, '')
  const go = usual ? `exec "$\{0%/*}/own/${program}" "$@"` : `PATH=/usr/bin:/bin; exec ${program} "$@"`
  // A probe asks the daemon once that is there; before it, only the plan does.
  const idle = program === 'ctr' ? `[ ! -e "$KCHARM_ROOT/run/containerd/containerd.sock" ]` : 'false'
  const hang = `${idle} || [ ! -e ${flag} ] || { trap '' TERM; while :; do sleep 543; done; }`
  const text = `#!/bin/sh\ncase " $* " in *" ${argument} "*) ${hang} ;; esac\n${go}\n`
  writeFileSync(join(bin, program), text)
  chmodSync(join(bin, program), 0o755)
  return () => rmSync(flag)
}
