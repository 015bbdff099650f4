import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { deployVerb } from '../../lib/cli/deploy-verb.ts'
import { CODES, KcharmError } from '../../lib/errors/index.ts'
import { operate } from '../../lib/run/operate.ts'
import { folderStore } from '../../lib/state/folder-store.ts'
import { BUNDLES, INVENTORIES } from './good-files.ts'
import { mutants } from './mutants.ts'
import { OBEYED } from './values.ts'

const folder = mkdtempSync(join(tmpdir(), 'kcharm-malformed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const COUNT = 500
const all = mutants(7, COUNT)
const file = (name: string): string => join(folder, name)
let connections = 0

/** Reads both files and goes on to the first connection, as the command does. */
async function deploy(bundle: string, inventory: string): Promise<unknown> {
  writeFileSync(file('bundle.yaml'), bundle)
  writeFileSync(file('inventory.yaml'), inventory)
  const verb = await deployVerb(file('bundle.yaml'), { inventory: file('inventory.yaml'), prune: false })
  const open = (): Promise<never> => {
    connections++
    return Promise.reject(new KcharmError('connection', 'a connection was opened'))
  }
  const nothing = { provideBlob: () => Promise.resolve(), follow: () => undefined }
  return await operate(
    { ...nothing, store: folderStore(file('state')), name: 'test', charms, holder: 'the test', open },
    verb,
    { dryRun: true },
  )
}

test('there are five hundred, by every operator, and each is another one', () => {
  expect(all).toHaveLength(COUNT)
  expect(new Set(all.map(({ text }) => text)).size).toBe(COUNT)
  const counts: Record<string, number> = {}
  for (const { operator } of all) counts[operator] = (counts[operator] ?? 0) + 1
  console.log(`malformed files: ${JSON.stringify(counts)}`)
  expect(Object.keys(counts).length).toBeGreaterThanOrEqual(30)
})

test('the good files are good: with them a connection is opened', async () => {
  const [bundle = ''] = BUNDLES
  for (const inventory of INVENTORIES) {
    connections = 0
    await deploy(bundle, inventory)
    expect(connections).toBeGreaterThan(0)
  }
})

test('each is refused in its place, with its code, and no connection is opened', async () => {
  connections = 0
  const missed: string[] = []
  for (const { which, operator, text } of all) {
    const [bundle = ''] = BUNDLES
    const [inventory = ''] = INVENTORIES
    const error = await deploy(which === 'bundle' ? text : bundle, which === 'inventory' ? text : inventory).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    const fault = faultOf(which, error)
    if (fault !== undefined) missed.push(`${operator}: ${fault}\n${text}`)
  }
  expect(missed.join('\n')).toBe('')
  expect(connections).toBe(0)
})

/** What is wrong with a refusal. Which machines a bundle means is a question to the inventory as well. */
function faultOf(which: 'bundle' | 'inventory', error: unknown): string | undefined {
  if (!(error instanceof KcharmError)) return error === undefined ? 'accepted' : String(error)
  const codes =
    which === 'bundle' ? (['invalid-bundle', 'invalid-inventory'] as const) : (['invalid-inventory'] as const)
  if (!codes.some((code) => error.code === code && error.exit === CODES[code].exit)) return error.code
  const faults = error.detail.faults ?? []
  if (faults.length === 0) return 'no fault'
  const place = new RegExp(`^${file(which)}\\.yaml:\\d+:\\d+: \\S`)
  return faults.find((fault) => !place.test(fault) || OBEYED.test(fault))
}
