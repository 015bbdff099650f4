import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildContainerd2, type BuiltArchive, makeStandInKata } from '../../lib/lab/index.ts'
import { newOperator, type Operator, type Result } from './support/cli.ts'
import { CONFIG, configOf, isRuntimeReady } from './support/containerd.ts'
import { sessionEnded } from './support/ends.ts'
import { again, killOn } from './support/kill.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { type Mind, mindOf, mindsDiffer } from './support/mind.ts'
import { containerdThatRefuses, makeTwoSick, makeTwoWell } from './support/sick-daemons.ts'
import { expectNoGap, startTicking, type Ticks, ticksOn } from './support/ticks.ts'

const NODE = 'n1'
/** Wholly ours, and there from 2.x on. */
const OWN = '/etc/containerd/conf.d/50-kcharm.toml'

let lab: TestLab
let operator: Operator
let two: BuiltArchive
let ticks: Ticks
/** On the package's 1.7. */
let before: Mind

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-faults-daemon', nodes: [{ name: NODE, containerd: true }] })
  two = await buildContainerd2((line) => console.log(line))
  await startTicking(lab, NODE)
  ticks = await ticksOn(lab, NODE)
  await operator.json(0, ...(await deploy()))
  before = await mindOf(lab, NODE, LEFT)
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

/** What a version that was taken back once wrote stays there until the unit goes; and the copies of a store that it might have changed. */
const LEFT = [/^\/var\/lib\/kcharm\/(backups|kept)$/]

test('a new daemon that refuses every configuration: put back by itself, the unit is held', async () => {
  const done = await operator.json(8, ...(await deploy(await containerdThatRefuses(operator.folder))))
  expect(messageOf(done)).toMatch(/^stays on 1\.7\.24: 2\.3\.8 was refused: .*unknown field for this version/)
  await expectWell()
  await calm()
})

test('a new daemon that comes up with its CRI in error: put back by itself, the unit is held', async () => {
  const cni = '/etc/cni/net.d'
  await makeTwoSick(lab, NODE, `rm -rf ${cni}; : >${cni}`, `[ ! -f ${cni} ] || rm ${cni}`)
  const done = await operator.json(8, ...(await deploy(two)))
  expect(messageOf(done)).toMatch(
    /^stays on 1\.7\.24: 2\.3\.\d+ was refused: CRI health: the plugin io\.containerd\.\S*cri\S* is in state error/,
  )
  await expectWell()
  await makeTwoWell(lab, NODE)
  await calm()
})

test('killed in the upgrade and in its rollback, again and again: held in the end, as if nothing had been', async () => {
  await makeTwoSick(lab, NODE, 'exit 1')
  const args = await deploy(two)
  const places = [
    'unpack containerd',
    `write ${OWN}`,
    'restart containerd',
    'hook rollback',
    `remove ${OWN}`,
    'remove /etc/systemd/system/containerd.service',
  ]
  const hit: string[] = []
  for (const place of places) {
    const { status } = await killOn(operator, args, { on: (line) => line.includes(place) })
    if (status === 137) hit.push(place)
    await sessionEnded(lab, NODE)
  }
  console.log(`killed at: ${hit.join(', ')}`)
  expect(hit.length).toBeGreaterThanOrEqual(4)
  const { stdout } = await again(operator, args, [8])
  expect(stdout).toMatch(/stays on 1\.7\.24: 2\.3\.\d+ was refused/)
  await expectWell()
  await makeTwoWell(lab, NODE)
  await calm()
})

test('a hand is faster than the rollback: its line in a shared file stays, of our file a copy does; both are said', async () => {
  const add = (file: string) => `[ ! -e ${file} ] || grep -q hand ${file} || echo '# by a hand' >>${file}`
  await makeTwoSick(lab, NODE, `${add(OWN)}; ${add(CONFIG)}; exit 1`)
  const { status, stderr } = await operator.run(...(await deploy(two)))
  expect(status, stderr).toBe(8)
  const said = new RegExp(`remove ${OWN}: not as kcharm left it: .* a copy stays in (/var/lib/kcharm/backups/\\w+) `)
  const [, copy = 'nothing'] = said.exec(stderr) ?? []
  expect(await readFile(join(await lab.root(NODE), copy), 'utf8')).toContain('# by a hand')
  expect(stderr).toContain(`take our lines out of ${CONFIG}`)
  expect(await configOf(lab, NODE)).toMatch(/BEGIN kcharm[^]*# by a hand/)
  await expectWell()
  await makeTwoWell(lab, NODE)
  await lab.sh(NODE, `sed -i '/^# by a hand$/d' ${CONFIG}`)
  await calm()
})

test('what puts back fails as well: in error with why and what to do; the container lives; mended, the next run goes on', async () => {
  await makeTwoSick(lab, NODE, `[ ! -e ${OWN} ] || mountpoint -q ${OWN} || mount --bind ${OWN} ${OWN}; exit 1`)
  const args = await deploy(two)
  const done = await operator.json(7, ...args)
  expect(done.units?.find(({ unit }) => unit === 'containerd/0')).toMatchObject({ status: 'error' })
  expect(messageOf(done)).toMatch(/conf\.d\/50-kcharm\.toml.*busy/)
  expect(
    await lab.sh(
      NODE,
      'kill -0 $(cat /run/containerd/io.containerd.runtime.v2.task/default/counter/init.pid) && echo lives',
    ),
  ).toBe('lives')
  await makeTwoWell(lab, NODE)
  await lab.sh(NODE, `umount ${OWN}`)
  await again(operator, args, [8])
  await expectWell()
  await calm()
})

test('killed in an upgrade that succeeds, again and again: the end is that of one that nobody disturbed', async () => {
  const args = await deploy(two)
  await operator.json(0, ...args)
  const right = await mindOf(lab, NODE, LEFT)
  await operator.json(0, 'rollback', 'containerd', '--yes')
  const hit: string[] = []
  for (const place of ['unpack containerd', `edit ${CONFIG}`, 'restart containerd', 'hook post-upgrade']) {
    const { status } = await killOn(operator, args, { on: (line) => line.includes(place), delayMs: 100 })
    if (status === 137) hit.push(place)
    await sessionEnded(lab, NODE)
  }
  console.log(`killed at: ${hit.join(', ')}`)
  expect(hit.length).toBeGreaterThanOrEqual(3)
  await again(operator, args)
  expect(mindsDiffer(right, await mindOf(lab, NODE, LEFT))).toEqual([])
  await expectNoGap(lab, NODE, ticks)
})

/** With the new version's archive, or on the package that is there. */
async function deploy(archive?: BuiltArchive): Promise<string[]> {
  const kata = await makeStandInKata({ version: '3.20.0' })
  const ref = ({ path, sha256 }: BuiltArchive) => `{ path: ${path}, sha256: ${sha256} }`
  const own = archive ? `, options: { source: archive }, resources: { containerd: ${ref(archive)} }` : ''
  const bundle = `applications:
  containerd: { charm: containerd, to: all${own} }
  kata: { charm: kata, options: { preflight: warn }, resources: { kata: ${ref(kata)} } }
relations: [[kata, containerd]]
`
  return ['deploy', await operator.write('bundle.yaml', bundle), '-i', lab.lab.inventory, '--yes']
}

/** What was refused is not wanted any more, and all is as before. */
async function calm(): Promise<void> {
  await operator.json(0, ...(await deploy()))
  expect(mindsDiffer(before, await mindOf(lab, NODE, LEFT))).toEqual([])
}

/** The old daemon answers and is well, with our handler, and the container runs on. */
async function expectWell(): Promise<void> {
  expect(await lab.sh(NODE, 'ctr version | sed -n "/Server/,$ s/.*Version: *//p"')).toMatch(/^v?1\.7\.24/)
  expect(await isRuntimeReady(lab, NODE)).toBe(true)
  expect(await configOf(lab, NODE)).toContain('BEGIN kcharm')
  await expectNoGap(lab, NODE, ticks)
}

function messageOf(result: Result): string {
  return result.units?.find(({ unit }) => unit === 'containerd/0')?.message ?? ''
}
