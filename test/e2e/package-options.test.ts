import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

describe('the package changed to another version by hand', () => {
  test('diff shows it, and a deploy says what to do and leaves it', async () => {
    const is = await install('1.7.99')
    const seen = await operator.run('diff')
    expect(seen.status).toBe(8)
    expect(seen.stdout).toContain(`containerd ${is} is installed, and 1.7.24 is asked for: somebody has changed it`)
    const refused = await deploy(WANTED, 8)
    expect(changesIn(refused)).toEqual([])
    expect(refused.units?.[0]).toMatchObject({
      hint: 'put it back (apt-get install containerd=1.7.24*), or set version to 1.7.99',
    })
    await lab.sh('n1', "apt-get -qq install -y --allow-downgrades --allow-change-held-packages 'containerd=1.7.24*'")
    await lab.sh('n1', 'apt-mark -q hold containerd')
    expect(statusesIn(await deploy(WANTED))).toEqual(['containerd/0 active'])
    expect((await operator.run('diff')).status).toBe(0)
  })

  test('under a daemon that still runs the old one, diff shows the restart, and a deploy makes it', async () => {
    await install('1.7.24')
    const restart = ['containerd/0 svc:containerd']
    expect(changesIn(await operator.json(5, 'diff'))).toEqual(restart)
    expect(changesIn(await deploy(WANTED))).toEqual(restart)
    expect((await operator.run('diff')).status).toBe(0)
    await lab.sh(
      'n1',
      'dpkg -i --force-hold,confold /lab/apt/trixie/containerd_*.deb >/dev/null 2>&1; apt-mark -q hold containerd',
    )
  })

  /** Debian's package with another version, which starts and restarts nothing. Gives the whole version. */
  async function install(version: string): Promise<string> {
    const script = `set -e; cd $(mktemp -d); dpkg-deb -R /lab/apt/trixie/containerd_*.deb tree
      sed -i 's/^Version: .*/Version: ${version}~hand-1/' tree/DEBIAN/control; rm -f tree/DEBIAN/p*
      dpkg-deb -Znone -b tree new.deb >/dev/null; dpkg -i --force-hold,confold new.deb >/dev/null 2>&1; rm -r "$PWD"
      apt-mark -q hold containerd`
    await lab.sh('n1', script)
    return lab.sh('n1', "dpkg-query -W -f='\${Version}' containerd")
  }
})

test('a version that no repository has is refused, and nothing is touched', async () => {
  const refused = await deploy(WANTED.replace('1.7.24', '1.7.25'), 8)
  expect(refused.units?.[0]?.message).toMatch(
    /stays on 1\.7\.24: 1\.7\.25 was refused: .* offer no containerd 1\.7\.25/,
  )
  expect(changesIn(refused)).toEqual([])
})

test('removal ends where it began', async () => {
  await deploy(WANTED)
  await operator.json(0, 'remove', 'containerd', '--yes')
  expect(changes(before, await standingOf(lab, 'n1'))).toEqual([])
  expect(await lab.sh('n1', 'apt-mark showhold')).toBe('')
})
