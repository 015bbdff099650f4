import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { digestOf, download, fetchBlob } from '../../lib/run/fetch-blob.ts'
import { resolveBlobs } from '../../lib/run/resolve-blobs.ts'
import { worstOf } from '../../lib/run/outcome.ts'
import { BOTH, testOperator } from './operator.ts'
import { workspace } from '../ssh/workspace.ts'

afterEach(() => vi.unstubAllEnvs())

/** A web server with one file; counts its answers and wants a login when one is given. */
async function web(body: Buffer, login?: string) {
  const count = { answers: 0 }
  const server = createServer((request, response) => {
    count.answers++
    const basic = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (request.url !== '/kata-static-3.20.0-amd64.tar.xz') response.writeHead(404).end()
    else if (request.headers.authorization !== basic) response.writeHead(401).end()
    else response.end(body)
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const at = login === undefined ? '' : `${login}@`
  return { count, url: `http://${at}localhost:${port}/kata-static-3.20.0-amd64.tar.xz` }
}

test('bytes from the web are fetched once, checked, kept, and laid on every machine', async () => {
  vi.stubEnv('KCHARM_CACHE', workspace())
  const on = await testOperator(2)
  const archive = await makeStandInKata({})
  const { url, count } = await web(readFileSync(archive.path), 'user:word')
  const text = BOTH(`options: { preflight: warn }, resources: { kata: { url: "${url}", sha256: ${archive.sha256} } }`)
  const outcome = await on.run(on.deploy(text, { resources: {}, lock: { resources: {} } }))
  expect(worstOf(outcome)).toBeUndefined()
  expect(count.answers).toBe(1)
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
