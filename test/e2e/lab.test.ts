import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { cgroupPids, labsWithCgroup } from '../../lib/lab/cgroups.ts'
import * as labs from '../../lib/lab/index.ts'
import { leaderOf } from '../../lib/lab/nspawn/driver.ts'
import { labCache } from '../../lib/lab/paths.ts'
import { writeLab } from '../../lib/lab/record.ts'
import { machineState, marksOf, tracesOf, type Marks } from './lab-traces.ts'

const say = (line: string): void => console.log(line)
const SWAPPINESS = '/proc/sys/vm/swappiness' // one of the values that nodes share and a lab puts back
const NODES = [
  { name: 'n1', tags: ['one'] },
  { name: 'n2', base: 'bookworm' as const },
  { name: 'n3', containerd: true },
]

let folder: string
let before: { machine: string[]; labs: string[] }
let swappiness: string
let one: labs.Lab
let two: labs.Lab

beforeAll(async () => {
  before = { machine: machineState(), labs: await labsWithCgroup() }
  swappiness = await readFile(SWAPPINESS, 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'kcharm-e2e-lab-'))
  process.env['XDG_STATE_HOME'] = folder
  ;[one, two] = await Promise.all([
    labs.labUp({ name: 'one', nodes: NODES, say }),
    labs.labUp({ name: 'two', nodes: 1, user: 'op', say }),
  ])
})

afterAll(async () => {
  for (const { lab } of await labs.labStatus()) await labs.labDown(lab.name)
  await rm(folder, { recursive: true })
})

async function sh(lab: string, node: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await labs.nodeExec({ lab, node }, ['sh', '-c', script])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
  return stdout.trim()
}

test('every node runs systemd to its end and is what was asked for', async () => {
  const facts = await Promise.all(
    one.nodes.map(({ name }) =>
      sh(
        'one',
        name,
        'hostname; systemctl is-system-running; . /etc/os-release; echo $VERSION_CODENAME; systemctl is-active containerd || true',
      ),
    ),
  )
  expect(facts.map((text) => text.split('\n'))).toEqual([
    ['n1', 'running', 'trixie', 'inactive'],
    ['n2', 'running', 'bookworm', 'inactive'],
    ['n3', 'running', 'trixie', 'active'],
  ])
  const ids = await Promise.all(one.nodes.map(({ name }) => sh('one', name, 'cat /etc/machine-id')))
  expect(new Set(ids).size).toBe(3)
})

test('the inventory is all that a plain ssh from this shell needs, as root and as a user with sudo', async () => {
  for (const lab of [one, two]) {
    const inventory = parse(await readFile(lab.inventory, 'utf8'))
    for (const { port, user, address, key } of inventory.machines) {
      const known = [
        '-o',
        `UserKnownHostsFile=${inventory['known-hosts']}`,
        '-o',
        'StrictHostKeyChecking=yes',
        '-o',
        'BatchMode=yes',
      ]
      const ssh = [
        '-F',
        'none',
        '-q',
        '-p',
        String(port),
        '-i',
        key,
        ...known,
        `${user}@${address}`,
        'id -un; sudo -n id -un',
      ]
      expect(execFileSync('ssh', ssh, { encoding: 'utf8' })).toBe(`${user}\nroot\n`)
    }
  }
})

test('two labs have the same addresses inside and do not see each other', async () => {
  expect(one.nodes[0]?.ownAddress).toBe(two.nodes[0]?.ownAddress)
  expect(await sh('one', 'n1', 'echo >/root/only-one; bash -c "head -c 8 </dev/tcp/10.77.0.12/22"')).toBe('SSH-2.0-')
  expect(await sh('two', 'n1', 'ls /root; bash -c "head -c 8 </dev/tcp/10.77.0.12/22" 2>/dev/null || echo alone')).toBe(
    'alone',
  )
})

test('a bare node installs containerd with apt and no network', async () => {
  expect(await sh('one', 'n1', 'apt-cache policy containerd | sed -n 3p')).toMatch(/Candidate: 1\.7\.24/)
  const install =
    'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq containerd >/dev/null 2>&1; ctr version | sed -n "s/ *Version: *//p"'
  expect(await Promise.all(['n1', 'n2'].map((name) => sh('one', name, install)))).toEqual([
    expect.stringMatching(/^1\.7\.24.*\n1\.7\.24/),
    expect.stringMatching(/^1\.6\.20.*\n1\.6\.20/),
  ])
  expect(await sh('one', 'n1', 'systemctl is-system-running')).toBe('running')
})

test('the node’s own sshd counts connections and channels, and its files are read without it', async () => {
  for (const node of ['n1', 'n2']) {
    const at = { lab: 'one', node }
    const counted = await labs.nodeSessions(at)
    await labs.nodeExec(at, ['touch', '/tmp/here'])
    expect(existsSync(join(await labs.nodeRoot(at), 'tmp/here'))).toBe(true)
    expect(await labs.nodeSessions(at)).toEqual({
      connections: counted.connections + 1,
      channels: counted.channels + 1,
    })
  }
})

test('a power cut keeps the disk, the address and the host key, and nothing else', async () => {
  const at = { lab: 'one', node: 'n1' }
  await sh('one', 'n1', 'echo kept >/root/disk; echo lost >/run/memory; sleep 1000 >/dev/null 2>&1 &')
  await labs.nodePowerOff(at)
  expect((await labs.nodeExec(at, ['true'])).code).toBe(255)
  expect((await labs.labStatus('one'))[0]?.nodes.map(({ state }) => state)).toEqual(['off', 'up', 'up'])
  await expect(labs.nodeRoot(at)).rejects.toMatchObject({ code: 'lab' })
  expect(await labs.nodePowerOn(at)).toBe('running')
  expect(
    await sh('one', 'n1', 'cat /root/disk; ls /run/memory 2>/dev/null; pgrep sleep; systemctl is-active containerd'),
  ).toBe('kept\nactive')
})

test('a node that has switched itself off is switched on by up, the others are left alone', async () => {
  const leaders = () => Promise.all(one.nodes.map((node) => leaderOf(one, node)))
  const first = await leaders()
  await labs.nodeExec({ lab: 'one', node: 'n2' }, ['systemctl', 'poweroff'])
  while ((await leaders())[1] !== undefined) await sleep(50)
  expect(await labs.labUp({ name: 'one', nodes: NODES, say })).toEqual(one)
  const second = await leaders()
  expect([second[0], second[2]]).toEqual([first[0], first[2]])
  expect(second[1]).not.toBe(first[1])
})

test('a forwarding process that was killed is shown and mended, with the same ports', async () => {
  for (const pid of await cgroupPids(one.id, 'forwarder')) process.kill(pid, 'SIGKILL')
  while ((await cgroupPids(one.id, 'forwarder')).length > 0) await sleep(20)
  expect((await labs.labStatus('one'))[0]?.nodes.map(({ state }) => state)).toEqual(['silent', 'silent', 'silent'])
  expect(await labs.labUp({ name: 'one', nodes: NODES, say })).toEqual(one)
  expect((await labs.labStatus('one'))[0]?.nodes.map(({ state }) => state)).toEqual(['up', 'up', 'up'])
})

test('refused: a lab of that name with other nodes, a node or lab that is not there, a purge while labs live', async () => {
  await expect(labs.labUp({ name: 'one', nodes: 1, say })).rejects.toMatchObject({
    code: 'lab',
    message: expect.stringContaining('with other nodes'),
  })
  await expect(labs.nodeExec({ lab: 'one', node: 'n9' }, ['true'])).rejects.toMatchObject({
    code: 'not-found',
    detail: { hint: 'It has: n1, n2, n3' },
  })
  await expect(labs.labStatus('three')).rejects.toMatchObject({
    code: 'not-found',
    detail: { hint: 'There is: one, two' },
  })
  await expect(labs.labDown('three', { purge: true })).rejects.toMatchObject({
    code: 'lab',
    message: expect.stringContaining('one, two'),
  })
  expect(existsSync(labCache())).toBe(true)
})

test('one lab ends and the other does not notice', async () => {
  await sh('one', 'n3', 'sysctl -qw vm.swappiness=11')
  const marks = await marksOf(one)
  expect(tracesOf(marks)).not.toEqual([])
  const leaders = () => Promise.all(two.nodes.map((node) => leaderOf(two, node)))
  const first = await leaders()
  expect(await labs.labDown('one')).toBe(true)
  expect(tracesOf(marks)).toEqual([])
  expect(await labs.labDown('one')).toBe(false)
  expect(await leaders()).toEqual(first)
  expect(await sh('two', 'n1', 'systemctl is-system-running')).toBe('running')
})

test('a forwarding process whose ports were not noted is replaced', async () => {
  const unnoted = { ...two, nodes: two.nodes.map((node) => ({ ...node, port: 0 })) }
  await writeLab(unnoted) // as a command leaves it that was killed after starting the process
  const [first] = await cgroupPids(two.id, 'forwarder')
  two = await labs.labUp({ name: 'two', nodes: 1, user: 'op', say })
  expect(await cgroupPids(two.id, 'forwarder')).not.toContain(first)
  expect(await sh('two', 'n1', 'hostname')).toBe('n1')
})

test('a command killed at any moment leaves a lab that can be ended, or completed', async () => {
  const program = bundle(`import { labUp } from './lib/lab/index.ts'
    void labUp({ name: 'three', nodes: 2, say: () => undefined })`)
  for (const moment of [250, 400, 600, 900, 1400]) {
    const up = spawn(process.execPath, [program], { stdio: 'ignore' })
    await sleep(moment)
    up.kill('SIGKILL')
    if (up.exitCode === null && up.signalCode === null) await once(up, 'exit')
    const found = await labs.labStatus('three').catch(() => [])
    const marks: Marks = { names: found.flatMap(({ lab }) => [lab.id, lab.dir]), networks: [], locks: [] }
    await labs.labDown('three')
    expect({ moment, left: tracesOf(marks) }).toEqual({ moment, left: [] })
  }
  const up = spawn(process.execPath, [program], { stdio: 'ignore' })
  await sleep(700)
  up.kill('SIGKILL')
  await once(up, 'exit')
  await labs.labUp({ name: 'three', nodes: 2, say })
  expect(await sh('three', 'n2', 'systemctl is-system-running')).toBe('running')
  await labs.labDown('three')
})

test('after the last lab the machine is as it was, and only the cache is left', async () => {
  const marks = await marksOf(two)
  await labs.labDown('two')
  expect(tracesOf(marks)).toEqual([])
  expect(await labs.labStatus()).toEqual([])
  const others = (await labsWithCgroup()).length > 0 || before.labs.length > 0 // somebody's own lab: values stay until it ends
  if (others) await writeFile(SWAPPINESS, swappiness)
  expect(machineState()).toEqual(before.machine)
  process.env['KCHARM_CACHE'] = join(folder, 'cache')
  await labs.makeStandInKata()
  expect(existsSync(labCache())).toBe(true)
  await labs.labDown('two', { purge: true })
  expect(existsSync(join(folder, 'cache'))).toBe(false)
})

/** Our own code as one plain program, for a process of its own. */
function bundle(contents: string): string {
  const outfile = join(folder, 'program.cjs')
  const root = join(import.meta.dirname, '../..')
  buildSync({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
  })
  return outfile
}
