import { createHash, randomFillSync } from 'node:crypto'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blobPath } from '../../lib/host/archive.ts'
import type { Blob, Change } from '../../lib/host/kind.ts'
import { path } from '../../lib/host/shell.ts'
import type { Machine } from '../../lib/model/declaration.ts'
import { parseInventory } from '../../lib/model/inventory.ts'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { blobProvider } from '../../lib/run/provide-blob.ts'
import type { SiteLink } from '../../lib/run/site-link.ts'
import { startLab, type TestLab } from './support/labs.ts'

const MINUTE = { deadlineMs: 60_000 }
const MB = 1024 * 1024
const NODES = 50

let lab: TestLab
let folder: string
let blob: Blob
let machines: Machine[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcharm-e2e-uploads-'))
  blob = await randomArchive(100)
  lab = await startLab({ name: 'e2e-uploads', kind: 'rootless', nodes: NODES })
  const { inventory } = lab.lab
  machines = parseInventory(await readFile(inventory, 'utf8'), { file: inventory, home: homedir() }).machines
})

afterAll(async () => {
  await lab.down()
  await rm(folder, { recursive: true })
})

test('50 machines get an archive of 100 MB, and the operator’s memory stays flat', async () => {
  const open = machineOpener({ say: () => undefined })
  const sessions = await Promise.all(machines.map(open))
  expect(sessions).toHaveLength(NODES)
  const provide = blobProvider()
  const said = new Set<string>()
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 100)
  await Promise.all(
    sessions.map((session) =>
      provide({ session } as SiteLink, { blob } as Change, (text) => said.add(text.replace(/\d[\d.]*/g, 'N'))),
    ),
  )
  clearInterval(watch)
  expect((most - before) / MB).toBeLessThan(150)
  expect([...said].join('\n')).toContain('uploads big.tar: N % of N MB, N MB/s, N uploads together N MB/s')
  const digests = await Promise.all(
    sessions.map(async (session) =>
      (await session.run(`sha256sum <${path(blobPath(blob.sha256))}`, MINUTE)).stdout.slice(0, 64),
    ),
  )
  expect(new Set(digests)).toEqual(new Set([blob.sha256]))
  await Promise.all(sessions.map((session) => session.close()))
}, 600_000)

async function randomArchive(megabytes: number): Promise<Blob> {
  const file = join(folder, 'big.tar')
  const hash = createHash('sha256')
  const handle = await open(file, 'w')
  for (let i = 0; i < megabytes; i++) {
    const chunk = randomFillSync(Buffer.alloc(MB))
    hash.update(chunk)
    await handle.write(chunk)
  }
  await handle.close()
  return { sha256: hash.digest('hex'), size: megabytes * MB, from: file, name: 'big.tar' }
}
