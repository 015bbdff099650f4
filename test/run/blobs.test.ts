import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { charms } from '../../charms/index.ts'
import type { Change } from '../../lib/host/kind.ts'
import { type HostObject, planObject, readingOf } from '../../lib/host/objects.ts'
import { READING_PRELUDE, WRITING_PRELUDE } from '../../lib/host/prelude.ts'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { digestOf, download, fetchBlob } from '../../lib/run/fetch-blob.ts'
import { resolveBlobs } from '../../lib/run/resolve-blobs.ts'
import type { NodeSession } from '../../lib/run/node-session.ts'
import { worstOf } from '../../lib/run/outcome.ts'
import { remove } from '../../lib/run/verbs/remove.ts'
import { decompressed } from '../../lib/run/plain-archive.ts'
import { blobProvider } from '../../lib/run/provide-blob.ts'
import type { SiteLink } from '../../lib/run/site-link.ts'
import { uploadMeter } from '../../lib/run/upload-meter.ts'
import { overlay } from '../../lib/plan/overlay.ts'
import { BOTH, testOperator } from './operator.ts'
import { workspace } from '../ssh/workspace.ts'

afterEach(() => vi.unstubAllEnvs())

const MINUTE = { deadlineMs: 60_000 }
const NOTHING = { resources: {}, lock: { resources: {} } }

function fetching(url: string, sha256: string, fetch: string): string {
  const resource = JSON.stringify({ url, sha256, fetch })
  return BOTH(`options: { preflight: warn }, resources: { kata: ${resource} }`)
}

/** A PATH with all programs of this one but a few. */
function pathWithout(...missing: string[]): string {
  const folder = workspace()
  for (const from of ['/usr/sbin', '/usr/bin', '/sbin', '/bin']) {
    for (const name of readdirSync(from)) {
      if (!missing.includes(name) && !existsSync(join(folder, name))) symlinkSync(join(from, name), join(folder, name))
    }
  }
  return folder
}

function packed(format: string) {
  const folder = workspace()
  const from = join(folder, 'thing')
  mkdirSync(join(from, 'deep'), { recursive: true })
  writeFileSync(join(from, 'deep/file'), 'bytes '.repeat(300_000))
  symlinkSync('deep/file', join(from, 'link'))
  const name = `thing.${format}`
  const pack = format === 'tar.xz' ? '-cJf' : '--zstd -cf'
  execFileSync('tar', [...pack.split(' '), join(folder, name), '-C', folder, 'thing'])
  const file = join(folder, name)
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  return { from, blob: { from: file, name, sha256, size: statSync(file).size } }
}

function changeOf(object: HostObject): Change {
  const view = overlay(new Map([[readingOf(object).key, null]])).view
  const change = planObject(object, view)
  if (change === undefined) throw new Error('nothing would change')
  return change
}

/** A web server with one file; counts its answers, wants a login when one is given, and may refuse somebody's program. */
async function web(body: Buffer, { login, refuses }: { login?: string; refuses?: RegExp } = {}) {
  const count = { answers: 0 }
  const server = createServer((request, response) => {
    count.answers++
    const basic = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (refuses?.test(request.headers['user-agent'] ?? '')) response.writeHead(403).end()
    else if (request.url !== '/kata-static-3.20.0-amd64.tar.xz') response.writeHead(404).end()
    else if (request.headers.authorization !== basic) response.writeHead(401).end()
    else response.end(body)
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const at = login === undefined ? '' : `${login.split(':').map(encodeURIComponent).join(':')}@`
  return { count, url: `http://${at}localhost:${port}/kata-static-3.20.0-amd64.tar.xz` }
}

test('bytes from the web are fetched once, checked, kept, and laid on every machine', async () => {
  vi.stubEnv('KCHARM_CACHE', workspace())
  const on = await testOperator(2)
  const archive = await makeStandInKata({})
  const { url, count } = await web(readFileSync(archive.path), { login: 'user:word' })
  const outcome = await on.run(on.deploy(fetching(url, archive.sha256, 'operator'), NOTHING))
  expect(worstOf(outcome)).toBeUndefined()
  expect(count.answers).toBe(1)
})

test('a machine fetches for itself, its login in no argument; what it cannot fetch is uploaded, unless it must', async () => {
  vi.stubEnv('KCHARM_CACHE', workspace())
  const on = await testOperator(2)
  const archive = await makeStandInKata({})
  const body = readFileSync(archive.path)
  const own = await web(body, { login: 'us"er:w\\ord' })
  expect(worstOf(await on.run(on.deploy(fetching(own.url, archive.sha256, 'auto'), NOTHING)))).toBeUndefined()
  expect(own.count.answers).toBeGreaterThanOrEqual(2)
  expect(existsSync(join(process.env['KCHARM_CACHE'] ?? '', 'blobs'))).toBe(false)

  const refusing = await web(body, { refuses: /curl|wget/i })
  const next = await testOperator(1)
  const must = await next.run(next.deploy(fetching(refusing.url, archive.sha256, 'node'), NOTHING))
  const kata = must.units.find(({ record }) => record.unit === 'kata/0')
  expect(kata).toMatchObject({ status: 'error', message: expect.stringContaining('cannot be fetched by the machine') })
  const may = await next.run(next.deploy(fetching(refusing.url, archive.sha256, 'auto'), NOTHING))
  expect(worstOf(may)).toBeUndefined()
})

test('other bytes than those vouched for are not kept by a machine that fetches', async () => {
  const on = await testOperator(1)
  const { url } = await web(Buffer.from('other bytes'))
  const outcome = await on.run(on.deploy(fetching(url, 'a'.repeat(64), 'node'), NOTHING))
  const kata = outcome.units.find(({ record }) => record.unit === 'kata/0')
  expect(kata?.message).toContain('another digest than the vouched one')
  expect(readdirSync(join(on.nodes[0]?.root ?? '', 'var/lib/kcharm/blobs'))).toEqual([])
})

test.each(['tar.xz', 'tar.zst'])(
  'a machine without the decompressor of .%s gets the archive as gzip',
  async (format) => {
    const { from, blob } = packed(format)
    vi.stubEnv('KCHARM_CACHE', workspace())
    vi.stubEnv('PATH', pathWithout('xz', 'zstd'))
    const on = await testOperator(1)
    const object: HostObject = { kind: 'archive', path: '/opt/thing', prefix: 'thing', blob }
    const [machine] = on.machines
    if (machine === undefined) throw new Error('one machine was asked for')
    const session = await on.work().open(machine)
    onTestFinished(() => session.close())
    expect((await session.run('command -v xz zstd', MINUTE)).stdout).toBe('')
    const said: string[] = []
    const change = changeOf(object)
    await blobProvider()({ session } as SiteLink, change, (text) => said.push(text))
    expect(said.join()).toContain('is sent as gzip: the machine has no')
    const unpacked = await session.run(`${READING_PRELUDE}${WRITING_PRELUDE}\n${change.script}`, MINUTE)
    expect(unpacked).toMatchObject({ status: 0 })
    const root = on.nodes[0]?.root ?? ''
    execFileSync('diff', ['-r', from, join(root, 'opt/thing')])
    expect(readdirSync(join(root, 'var/lib/kcharm/blobs'))).toEqual([])
    const stamp = readdirSync(join(root, 'var/lib/kcharm/trees'))[0] ?? ''
    expect(readFileSync(join(root, 'var/lib/kcharm/trees', stamp), 'utf8')).toContain(blob.sha256)
  },
)

test('a file that is not what its name says cannot be sent as gzip, and leaves nothing in the cache', async () => {
  const cache = workspace()
  vi.stubEnv('KCHARM_CACHE', cache)
  const file = join(cache, 'x.tar.xz')
  writeFileSync(file, 'no xz at all')
  for (const name of ['x.tar.xz', 'x.tar.zst']) {
    await expect(decompressed(file, { name, sha256: name })).rejects.toMatchObject({ code: 'invalid-option' })
  }
  expect(readdirSync(join(cache, 'blobs'))).toEqual([])
})

test('at most five uploads run at once, and each says how fast all are', async () => {
  const file = join(workspace(), 'x.tar')
  writeFileSync(file, Buffer.alloc(1000))
  const blob = { from: file, name: 'x.tar', sha256: await digestOf(file), size: 1000 }
  const provide = blobProvider()
  let running = 0
  let most = 0
  const session: NodeSession = {
    run: () => Promise.resolve({ status: 0, stdout: 'unpacks\n', stderr: '' }),
    async upload(_source, _to, options) {
      most = Math.max(most, ++running)
      await setTimeout(20)
      options?.onProgress?.(500)
      running--
    },
    lock: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const said: string[] = []
  const change = { blob } as Change
  await Promise.all(
    Array.from({ length: 12 }, () => provide({ session } as SiteLink, change, (text) => said.push(text))),
  )
  expect(most).toBe(5)
  expect(said).toHaveLength(12)
})

test('a meter gives share, own rate and the rate of all, once a second', () => {
  let now = 0
  const meter = uploadMeter(() => now)
  const said: string[] = []
  const [one, other] = [
    meter('a.tar', 10e6, (text) => said.push(text)),
    meter('b.tar', 10e6, (text) => said.push(text)),
  ]
  now = 5000
  one(0)
  other(4e6)
  now = 7000
  one(4e6)
  one(4.1e6)
  other(5e6)
  expect(said.slice(2)).toEqual([
    'uploads a.tar: 40 % of 10.0 MB, 2.0 MB/s, 2 uploads together 2.0 MB/s',
    'uploads b.tar: 50 % of 10.0 MB, 0.5 MB/s, 2 uploads together 2.5 MB/s',
  ])
})

test('a resource for which nobody has vouched is refused before any connection, with the command that does', async () => {
  const on = await testOperator(1)
  await expect(on.run(on.deploy(BOTH(), { lock: { resources: {} } }))).rejects.toMatchObject({
    code: 'invalid-option',
    detail: {
      faults: [expect.stringContaining('kata:kata: nobody has vouched for kata-static-3.20.0-amd64.tar.xz')],
      hint: expect.stringContaining('kcharm resource pin') as string,
    },
  })
  expect(on.nodes[0]?.stats.connections).toBe(0)
})

test('other bytes than those vouched for are never used', async () => {
  const on = await testOperator(1)
  const file = join(workspace(), 'kata-static-3.20.0-amd64.tar.xz')
  writeFileSync(file, 'something else')
  const outcome = await on.run(on.deploy(BOTH(), { resources: { kata: { kata: file } } }))
  const kata = outcome.units.find(({ record }) => record.unit === 'kata/0')
  expect(kata).toMatchObject({ status: 'error', message: expect.stringContaining('has the sha256') as string })
})

test('a file that is needed and not there is missed before anything is changed', async () => {
  const on = await testOperator(1)
  const missing = { resources: { kata: { kata: '/nowhere/kata-static-3.20.0-amd64.tar.xz' } } }
  await expect(on.run(on.deploy(BOTH(), missing))).rejects.toMatchObject({
    code: 'invalid-option',
    message: 'kata:kata: there is no file /nowhere/kata-static-3.20.0-amd64.tar.xz',
  })
  await on.run(on.deploy(BOTH()))
  expect(worstOf(await on.run(on.deploy(BOTH(), missing)))).toBeUndefined()
  const removed = await on.run(remove('kata', { units: [], charms }))
  expect([worstOf(removed), removed.plans.flatMap(({ changes }) => changes.map(({ verb }) => verb))]).toEqual([
    undefined,
    expect.arrayContaining(['remove /opt/kata-3.20.0']) as string[],
  ])
})

test('what the web does not give, or gives differently, is an error that says so, and leaves nothing in the cache', async () => {
  const cache = workspace()
  vi.stubEnv('KCHARM_CACHE', cache)
  const { url } = await web(Buffer.from('bytes'))
  await expect(download(url.replace('kata-static', 'other'))).rejects.toThrow('the server answered 404')
  await expect(download('http://localhost:1/x')).rejects.toThrow('cannot be fetched')
  await expect(fetchBlob({ from: url, sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'invalid-option' })
  mkdirSync(join(cache, 'blobs'), { recursive: true })
  const sha256 = await download(url)
  const file = await fetchBlob({ from: url, sha256 })
  expect(await digestOf(file)).toBe(sha256)
  expect(file).toBe(join(cache, 'blobs', sha256))
})

test('a download that stands still is given up, before its first byte and after it', async () => {
  vi.stubEnv('KCHARM_CACHE', workspace())
  const server = createServer((request, response) => {
    if (request.url === '/later') response.writeHead(200).write('bytes')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  for (const path of ['/at-once', '/later']) {
    await expect(download(url + path, undefined, 0.5)).rejects.toThrow('cannot be fetched: nothing came for 0.5 s')
  }
})

test('of an application that is going, nobody needs the digest', async () => {
  const application = {
    name: 'kata',
    charm: 'kata',
    bundleOptions: {},
    setOptions: {},
    machines: [],
    life: 'absent' as const,
  }
  const resources = { kata: { from: '/x/y.tar' } }
  const model = {
    name: 'm',
    id: 'i',
    relations: [],
    machines: {},
    applications: { kata: { ...application, resources } },
  }
  expect(await resolveBlobs(model)).toEqual({ kata: {} })
})
