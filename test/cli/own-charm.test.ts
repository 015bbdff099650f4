import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, shell } from './kcharm.ts'
import { type CliLab, lab } from './lab.ts'

const CRICTL = join(ROOT, 'test/own-charm/crictl')
const CONFIG = 'etc/crictl.yaml'
const BUNDLE = `applications:
  containerd: { charm: containerd, to: all }
  crictl: { charm: ./crictl, options: { timeout: 5 } }
relations:
  - [crictl, containerd]
`

/** The example beside a bundle that names it, and a node. */
async function place(): Promise<CliLab & { charm: string; edit(from: string, to: string): void }> {
  const sh = await lab()
  const charm = join(sh.folder, 'crictl')
  cpSync(CRICTL, charm, { recursive: true })
  writeFileSync(join(sh.folder, 'bundle.yaml'), BUNDLE)
  const edit = (from: string, to: string) => {
    const file = join(charm, 'index.js')
    const text = readFileSync(file, 'utf8')
    if (!text.includes(from)) throw new Error(`${from} is not in the charm`)
    writeFileSync(file, text.replaceAll(from, to))
  }
  return { ...sh, charm, edit }
}

test('a charm of one’s own is deployed, set, upgraded, put back, restored from its machine and removed', async () => {
  const { kcharm, root, folder, charm, edit } = await place()
  const text = () => readFileSync(join(root, CONFIG), 'utf8')
  const first = await kcharm('deploy', 'bundle.yaml', '-i', 'inventory.yaml', '--yes')
  expect(first.status).toBe(0)
  expect(first.stderr).not.toMatch(/warning/i)
  expect(first.stdout).toMatch(/^ {2}crictl\/0 +active +n1 .*crictl asks \/run\/containerd\/containerd\.sock/m)
  expect(text()).toBe('runtime-endpoint: unix:///run/containerd/containerd.sock\ntimeout: 5\ndebug: false\n')

  // What lies in the folder counts when somebody says so.
  edit('timeout: ${timeout}', 'timeout: ${timeout + 1}')
  expect((await kcharm('config', 'crictl', 'timeout=7', '--yes')).status).toBe(0)
  expect(text()).toContain('timeout: 7\n')
  expect((await kcharm('diff')).status).toBe(0)
  const taken = await kcharm('upgrade', 'crictl', '--path', './crictl', '--yes')
  expect(taken.stdout).toMatch(/\* its charm has changed: crictl@[0-9a-f]{16}, it was crictl@[0-9a-f]{16}\n/)
  expect(text()).toContain('timeout: 8\n')

  // Another version, which does not prove itself: all of the old one is back, its code as well.
  edit("const VERSION = '1'", "const VERSION = '2'")
  edit(".replace('unix://', '')", ".replace('unix://', '').replace('.sock', '.socket')")
  edit('timeout: ${timeout + 1}', 'timeout: ${timeout + 2}')
  const failed = await kcharm('upgrade', 'crictl', '--path', './crictl', '--yes')
  expect(failed.status).toBe(8)
  expect(failed.stdout).toContain('stays on 1: 2 was refused: the socket: there is no socket')
  expect(text()).toContain('timeout: 8\n')
  expect((await kcharm('deploy', 'bundle.yaml', '--yes')).stdout).toMatch(/^ {2}crictl\/0 +blocked/m)

  // One that proves itself, and the way back.
  edit(".replace('.sock', '.socket')", '')
  const upgraded = await kcharm('upgrade', 'crictl', '--path', charm, '--yes')
  expect(upgraded).toMatchObject({ status: 0 })
  expect(text()).toContain('timeout: 7\n')
  rmSync(charm, { recursive: true })
  expect((await kcharm('rollback', 'crictl', '--yes')).status).toBe(0)
  expect(text()).toContain('timeout: 8\n')
  expect((await kcharm('status')).stdout).toMatch(/^crictl +1 +active +1 +crictl@/m)

  // The machine tells no more than the charm's name: somebody has to name the folder.
  cpSync(CRICTL, charm, { recursive: true })
  rmSync(join(folder, 'state'), { recursive: true })
  const nameless = await kcharm('adopt', '-i', 'inventory.yaml')
  expect(nameless).toMatchObject({
    status: 4,
    stderr: expect.stringMatching(/there is no charm crictl@[^]*hint: say where its folder is: in a bundle/),
  })
  expect((await kcharm('adopt', 'bundle.yaml', '-i', 'inventory.yaml')).status).toBe(0)
  expect((await kcharm('remove', 'crictl', '--yes')).status).toBe(0)
  expect(existsSync(join(root, CONFIG))).toBe(false)
}, 180_000)

test('a single charm of one’s own is shown, deployed and related', async () => {
  const { kcharm, root } = await place()
  const shown = await kcharm('charm', 'show', './crictl')
  expect(shown).toMatchObject({ status: 0, stderr: '' })
  expect(shown.stdout).toContain('Seconds that crictl waits for an answer.')
  expect((await kcharm('deploy', 'containerd', '-i', 'inventory.yaml', '--yes')).status).toBe(0)
  expect((await kcharm('deploy', './crictl', '--config', 'debug=true', '--yes')).status).toBe(0)
  expect((await kcharm('relate', 'crictl', 'containerd', '--yes')).status).toBe(0)
  expect(readFileSync(join(root, CONFIG), 'utf8')).toContain('debug: true\n')
  const exported = (await kcharm('export-bundle')).stdout
  expect(exported).toMatch(/^ {4}charm: \/.*\/crictl$/m)
})

const INDEX = readFileSync(join(CRICTL, 'index.js'), 'utf8')
const LAST = 'export default defineCharm({'

/** What stands in the folder, and what is said of it. */
const refusals: Record<string, { files: Record<string, string>; code: number; says: RegExp }> = {
  'no module': { files: { 'notes.txt': 'x' }, code: 3, says: /crictl\/index\.js: there is no such file/ },
  'a fault of syntax': {
    files: { 'index.js': `const a = 1\n  const a = 2\n` },
    code: 3,
    says: /crictl\/index\.js:2:9: Identifier 'a' has already been declared/,
  },
  'a fault when it is run': {
    files: { 'index.js': INDEX.replace(LAST, `undefined.x\n${LAST}`) },
    code: 3,
    says: /crictl\/index\.js:\d+:\d+: Cannot read properties of undefined \(reading 'x'\)/,
  },
  'an import from outside': {
    files: { 'index.js': `import '../other.js'\n` },
    code: 3,
    says: /crictl\/?.*: Cannot find module/,
  },
  'no default export': { files: { 'index.js': 'export const a = 1\n' }, code: 3, says: /expected a default export/ },
  'no charm': {
    files: { 'index.js': 'export default { name: "crictl" }\n' },
    code: 3,
    says: /that defineCharm of kcharm/,
  },
  'a name that is taken': {
    files: { 'index.js': INDEX.replace(`name: 'crictl'`, `name: 'kata'`) },
    code: 3,
    says: /crictl\/index\.js: the name kata is that of a charm of kcharm/,
  },
  'a missing stage': {
    files: { 'index.js': INDEX.replace('  joining() {', '  other() {') },
    code: 3,
    says: /crictl\/index\.js:\d+:\d+: crictl: no stage for the state joining/,
  },
  'an arrow to nowhere': {
    files: { 'index.js': INDEX.replace("begin: 'joining'", "begin: 'joinin'") },
    code: 3,
    says: /crictl\/index\.js:\d+:\d+: crictl: \w+ leads to joinin, which is no state/,
  },
  'a chart without a proof': {
    files: { 'index.js': INDEX.replace(`, { hook: 'start' })`, ')') },
    code: 3,
    says: /its chart: .* active: active without a proof/,
  },
  'an option without a default': {
    files: { 'index.js': INDEX.replace('.default(false)', '') },
    code: 3,
    says: /option "debug" has no default/,
  },
  'a member of another type': {
    files: { 'index.js': INDEX.replace('observe: () => [fileReading(CONFIG)],', '') },
    code: 3,
    says: /observe.*expected a function/,
  },
  'package.json without a type': {
    files: { 'index.js': INDEX, 'package.json': '{ "main": "index.js" }' },
    code: 3,
    says: /crictl\/package\.json: expected "type": "module"/,
  },
}

test.each(Object.entries(refusals))('%s is said with its place, and nothing is run or changed', async (_, given) => {
  const { kcharm, folder } = shell()
  for (const [name, text] of Object.entries(given.files)) {
    const file = join(folder, 'crictl', name)
    cpSync(CRICTL, join(folder, 'crictl'), { recursive: true, filter: (source) => !source.endsWith('.js') })
    writeFileSync(file, text)
  }
  writeFileSync(join(folder, 'bundle.yaml'), BUNDLE)
  const shown = await kcharm('charm', 'show', './crictl')
  expect(shown).toMatchObject({ status: given.code, stdout: '' })
  expect(shown.stderr).toMatch(given.says)
  expect(shown.stderr).not.toMatch(/\n +at |state\/charms/)
  const planned = await kcharm('plan', 'bundle.yaml')
  expect(planned).toMatchObject({ status: 3, stdout: '' })
  expect(planned.stderr).toMatch(/bundle\.yaml:3:20: the charm "\.\/crictl" cannot be used/)
  expect(planned.stderr).toMatch(given.says)
})

test('no folder, another charm for an application, and other states are refused', async () => {
  const { kcharm, edit, folder } = await place()
  expect(await kcharm('charm', 'show', './none')).toMatchObject({
    status: 4,
    stderr: expect.stringContaining('there is no folder'),
  })
  expect((await kcharm('deploy', 'bundle.yaml', '-i', 'inventory.yaml', '--yes')).status).toBe(0)
  const other = await kcharm('upgrade', 'containerd', '--path', './crictl', '--yes')
  expect(other).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/containerd runs the charm containerd; .* crictl@/),
  })
  edit('held', 'holding')
  const moved = await kcharm('upgrade', 'crictl', '--path', './crictl', '--yes')
  expect(moved).toMatchObject({ status: 3, stdout: expect.stringContaining('has other states than crictl@') })
  const kept = readdirSync(join(folder, 'state/charms')).filter((name) => /^[0-9a-f]{16}$/.test(name))
  expect(kept).toHaveLength(2)
})
