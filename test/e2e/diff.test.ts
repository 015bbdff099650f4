import { afterAll, beforeAll, expect, test } from 'vitest'
import { applications, RELATIONS } from './support/bundles.ts'
import { changesIn, newOperator, type Operator, type Result, statusesIn } from './support/cli.ts'
import { CONFIG, isRuntimeReady } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'

/** containerd as a package and from its archive: together they have every kind of host object but kernel modules. */
const NODES = ['package', 'archive'] as const
type Node = (typeof NODES)[number]

const UNIT_FILE = '/etc/systemd/system/containerd.service'
const DROP_IN = '/etc/containerd/conf.d/50-kcharm.toml'
const KATA = '/opt/kata-3.20.0'
const TREE = '/usr/local/lib/kcharm/containerd-2.3.7'

let lab: TestLab
let operator: Operator
let bundle: string

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-diff', nodes: NODES.map((name) => ({ name, tags: [name] })) })
  await lab.sh('archive', 'apt-get -qq install -y --no-install-recommends runc')
  const apps = await applications(NODES)
  bundle = await operator.write(
    'bundle.yaml',
    `${apps}relations:\n  - ${RELATIONS.package}\n  - ${RELATIONS.archive}\n`,
  )
  expect(statusesIn(await deploy('--inventory', lab.lab.inventory))).toEqual(ACTIVE)
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

const ACTIVE = ['containerd-2/0 active', 'containerd/0 active', 'kata-2/0 active', 'kata/0 active']

/** What somebody did, and what is to be put right; a daemon is restarted only when it has read the wrong bytes. */
const DRIFTS: [string, Node, plant: string, named: string[]][] = [
  [
    'a line of ours changed in a file that is shared',
    'package',
    `sed -i 's#runtime_path = .*#runtime_path = "/bin/false"#' ${CONFIG}`,
    [`containerd/0 file:${CONFIG}`],
  ],
  [
    'our lines gone from a file that is shared',
    'package',
    `sed -i '/BEGIN kcharm/,/END kcharm/d' ${CONFIG}`,
    [`containerd/0 file:${CONFIG}`],
  ],
  [
    'a line of ours changed, and the daemon restarted on it',
    'package',
    `sed -i '/ConfigPath/d' ${CONFIG} && systemctl restart containerd`,
    [`containerd/0 file:${CONFIG}`, 'containerd/0 svc:containerd'],
  ],
  ['a service stopped', 'package', 'systemctl -q stop containerd', ['containerd/0 svc:containerd']],
  ['a service disabled', 'package', 'systemctl -q disable containerd', ['containerd/0 svc:containerd']],
  ['a link to another place', 'package', 'ln -sfn /srv /opt/kata', ['kata/0 link:/opt/kata']],
  ['a link gone', 'package', 'rm /opt/kata', ['kata/0 link:/opt/kata']],
  ['a file of an unpacked tree changed', 'package', `echo x >>${KATA}/VERSION`, [`kata/0 tree:${KATA}`]],
  ['a file of an unpacked tree gone', 'package', `rm ${KATA}/bin/kata-runtime`, [`kata/0 tree:${KATA}`]],
  ['a file in an unpacked tree too many', 'package', `: >${KATA}/bin/more`, [`kata/0 tree:${KATA}`]],
  ['the mode of an unpacked file', 'package', `chmod 600 ${KATA}/bin/qemu-system-x86_64`, [`kata/0 tree:${KATA}`]],
  ['an unpacked tree gone', 'package', `rm -r ${KATA}`, [`kata/0 tree:${KATA}`]],
  [
    'a package removed',
    'package',
    'apt-get -qq remove -y containerd',
    ['containerd/0 pkg:containerd', `containerd/0 file:${CONFIG}`, 'containerd/0 svc:containerd'],
  ],
  ['a file with a line more', 'archive', `echo '# by hand' >>${UNIT_FILE}`, [`containerd-2/0 file:${UNIT_FILE}`]],
  ['the mode of a file', 'archive', `chmod 600 ${DROP_IN}`, [`containerd-2/0 file:${DROP_IN}`]],
  ['the owner of a file', 'archive', `chown daemon ${DROP_IN}`, [`containerd-2/0 file:${DROP_IN}`]],
  ['a file gone', 'archive', `rm ${DROP_IN}`, [`containerd-2/0 file:${DROP_IN}`]],
  ['an import that is missing', 'archive', `sed -i '/^imports/d' ${CONFIG}`, [`containerd-2/0 file:${CONFIG}`]],
  [
    'the mode of a folder',
    'archive',
    'chmod 700 /etc/containerd/conf.d',
    ['containerd-2/0 dir:/etc/containerd/conf.d'],
  ],
  ['a link to a program gone', 'archive', 'rm /usr/local/bin/ctr', ['containerd-2/0 link:/usr/local/bin/ctr']],
  [
    'a program changed that the daemon runs',
    'archive',
    `touch -d 2020-01-01 ${TREE}/containerd`,
    [`containerd-2/0 tree:${TREE}`],
  ],
]

test('nothing differs after the deploy', async () => {
  expect(changesIn(await operator.json(0, 'diff'))).toEqual([])
})

test.each(DRIFTS)(
  '%s (%s) is found by diff, which exits 5, and mended by deploy',
  async (_what, node, plant, named) => {
    await lab.sh(node, plant)
    expect(changesIn(await operator.json(5, 'diff'))).toEqual(named)
    const mended = await deploy()
    expect(changesIn(mended)).toEqual(named)
    expect(statusesIn(mended)).toEqual(ACTIVE)
    expect(changesIn(await operator.json(0, 'diff'))).toEqual([])
    expect(await isRuntimeReady(lab, node)).toBe(true)
  },
)

function deploy(...more: string[]): Promise<Result> {
  return operator.json(0, 'deploy', 'bundle', bundle, ...more, '--yes')
}
