import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { applications, KATA, RELATIONS } from './support/bundles.ts'
import { changesIn, newOperator, type Operator } from './support/cli.ts'
import { CONFIG } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { standingOf, watched } from './support/standing.ts'

const DROP_IN = '/etc/containerd/conf.d/50-kcharm.toml'
/** By node: its applications, and the file that holds their wishes. */
const NODES = {
  bookworm: { containerd: 'containerd', kata: 'kata', file: CONFIG },
  archive: { containerd: 'containerd-2', kata: 'kata-2', file: DROP_IN },
} as const
type Node = keyof typeof NODES
const names = ['bookworm', 'archive'] as const

let lab: TestLab
let operator: Operator
/** The configuration as the package brings it. */
let shipped: string

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({
    name: 'e2e-options',
    nodes: [
      { name: 'bookworm', base: 'bookworm', tags: ['package'] },
      { name: 'archive', tags: ['archive'] },
    ],
  })
  await lab.sh('archive', 'apt-get -qq install -y --no-install-recommends runc')
  const deb = 'cd /tmp && apt-get -qq download containerd && dpkg-deb --fsys-tarfile containerd_*.deb'
  shipped = await lab.sh('bookworm', `${deb} | tar -xO .${CONFIG} | base64 -w0; rm containerd_*.deb`)
  shipped = Buffer.from(shipped, 'base64').toString()
  const text = `${await applications(['package', 'archive'])}relations:\n  - ${RELATIONS.package}\n  - ${RELATIONS.archive}\n`
  const bundle = await operator.write('bundle.yaml', text)
  await operator.json(0, 'deploy', bundle, '--inventory', lab.lab.inventory, '--yes')
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test.each(names)('%s: an option of containerd: one file differs, one restart', async (node) => {
  await expectOneDiff(node, ['config', NODES[node].containerd, 'restrict_oom_score_adj=false'])
  expect(await fileOn(node)).not.toContain('restrict_oom_score_adj')
})

test.each(names)('%s: an option of kata: its new handler in one file of containerd, one restart', async (node) => {
  await expectOneDiff(node, ['config', NODES[node].kata, 'shims=qemu,clh'])
  const handlers = handlersInDump(await lab.sh(node, 'containerd config dump'))
  expect(Object.keys(handlers)).toEqual(expect.arrayContaining([KATA.handler, 'kata-clh']))
})

test.each(names)('%s: an option that takes no effect anywhere changes no file and restarts nothing', async (node) => {
  const done = await watched(lab, [node], () => operator.json(0, 'config', NODES[node].kata, 'preflight=warn', '--yes'))
  expect(done[node]).toMatchObject({ paths: [], restarts: 0 })
  expect(changesIn(done[node]?.result ?? {})).toEqual([])
})

test.each(names)('%s: a line that a hand writes survives config, unrelate and remove', async (node) => {
  const { containerd, kata } = NODES[node]
  const before = await configOn(node)
  const byHand = (text: string): string =>
    `# Ours: ask before you change it.\n${text}\n[debug] # by hand\n  level = "warn"\n`
  await writeFile(join(await lab.root(node), CONFIG), byHand(before))

  await operator.json(0, 'config', kata, '--reset', 'shims', '--yes')
  expect(await configOn(node)).toMatch(
    /^# Ours: ask before you change it\.\n[^]*\n\[debug\] # by hand\n {2}level = "warn"\n$/,
  )
  expect(handlersInDump(await lab.sh(node, 'containerd config dump'))).not.toHaveProperty('kata-clh')

  await operator.json(0, 'unrelate', kata, containerd, '--yes')
  expect(await configOn(node)).toMatch(
    /^# Ours: ask before you change it\.\n[^]*\n\[debug\] # by hand\n {2}level = "warn"\n$/,
  )

  await operator.json(0, 'remove', kata, '--yes')
  await operator.json(0, 'remove', containerd, '--yes')
  expect(await configOn(node)).toBe(byHand(node === 'bookworm' ? shipped : 'version = 3\n'))
  const { files } = await standingOf(lab, node)
  expect([...files.keys()].filter((path) => path.includes('kcharm'))).toEqual([])
})

/** One file of the machine differs afterwards, by one change that was shown, and containerd was started once more. */
async function expectOneDiff(node: Node, words: string[]): Promise<void> {
  const { containerd, file } = NODES[node]
  const done = await watched(lab, [node], () => operator.json(0, ...words, '--yes'))
  expect(done[node]).toMatchObject({ paths: [`~ ${file}`], restarts: 1 })
  const unit = `${containerd}/0`
  expect(changesIn(done[node]?.result ?? {})).toEqual([`${unit} file:${file}`, `${unit} svc:containerd`])
}

async function fileOn(node: Node): Promise<string> {
  return readFile(join(await lab.root(node), NODES[node].file), 'utf8')
}

async function configOn(node: Node): Promise<string> {
  return readFile(join(await lab.root(node), CONFIG), 'utf8')
}
