import { afterAll, beforeAll, expect, test } from 'vitest'
import { changesIn, newOperator, type Operator, statusesIn } from './support/cli.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, standingOf, type Standing } from './support/standing.ts'

/** The lab's own repository, as somebody's for containerd: flat, without a signature. */
const bundle = (options: string) => `applications:
  containerd:
    charm: containerd
    to: all
    options:
      source: package
      repository: { url: 'file:/lab/apt/trixie', suite: ./, ${options}
`
const WANTED = bundle("unsigned: true }\n      version: '1.7.24'\n      hold: true")
const SOURCE = '/etc/apt/sources.list.d/kcharm-containerd.sources'

let lab: TestLab
let operator: Operator
let before: Standing

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-package', nodes: 1 })
  before = await standingOf(lab, 'n1')
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

const deploy = async (text: string, status = 0) =>
  operator.json(status, 'deploy', await operator.write('b.yaml', text), '-i', lab.lab.inventory, '--yes')

test('a repository without a key is refused, and nothing is touched', async () => {
  const refused = await deploy(bundle("}\n      version: '1.7.24'"), 8)
  expect(refused.units?.[0]?.message).toContain('has no key to check its packages with')
  expect(changes(before, await standingOf(lab, 'n1'))).toEqual([])
})

test('repository, pinned version and hold come with the package, which starts nothing by itself', async () => {
  const done = await deploy(WANTED)
  expect(statusesIn(done)).toEqual(['containerd/0 active'])
  const keys = changesIn(done)
  const order = [`file:${SOURCE}`, `index:apt${SOURCE}`, 'pkg:containerd', 'hold:containerd', 'svc:containerd']
  expect(keys.filter((key) => order.some((each) => key.endsWith(each)))).toEqual(
    order.map((key) => `containerd/0 ${key}`),
  )
  expect(await lab.sh('n1', 'apt-mark showhold')).toBe('containerd')
  expect(await lab.sh('n1', "journalctl -u containerd -o cat | grep -c '^Started containerd'")).toBe('1')
})

test('again nothing changes, with one connection and one command', async () => {
  const { result, sessions } = await lab.counted(() => deploy(WANTED))
  expect(changesIn(result)).toEqual([])
  expect(sessions['n1']).toEqual({ connections: 1, channels: 1 })
})

test('another version is refused until upgrades exist', async () => {
  const refused = await deploy(WANTED.replace('1.7.24', '1.7.25'), 8)
  expect(refused.units?.[0]?.message).toMatch(/containerd 1\.7\.24\S* is installed, and 1\.7\.25 is asked for/)
  expect(changesIn(refused)).toEqual([])
})

test('removal ends where it began', async () => {
  await deploy(WANTED)
  await operator.json(0, 'remove', 'containerd', '--yes')
  expect(changes(before, await standingOf(lab, 'n1'))).toEqual([])
  expect(await lab.sh('n1', 'apt-mark showhold')).toBe('')
})
