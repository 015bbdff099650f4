import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KcharmError } from '../errors/index.ts'
import { lockKey } from '../model/lockfile.ts'
import { blobCache } from '../state/places.ts'
import { DEADLINES } from './deadlines.ts'
import { fileOf, isWeb } from './resolve-blobs.ts'

/** A local file with the bytes of that digest: fetched when it has to be. Throws `invalid-option` for other bytes. */
export async function fetchBlob(blob: { from: string; sha256: string }): Promise<string> {
  const file = fileOf(blob)
  if (isWeb(blob.from) && !(await isThere(file))) await download(blob.from, (sha256) => assertSame(blob, sha256))
  else assertSame(blob, await digestOf(file))
  return file
}

/**
 * Fetches into the cache, where the file is named by its digest. `vouch` may refuse the digest by throwing. For so many seconds
 * it may stand still.
 */
export async function download(
  url: string,
  vouch: (sha256: string) => void = () => undefined,
  seconds = DEADLINES.stall,
): Promise<string> {
  const folder = blobCache()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = join(folder, `${randomBytes(8).toString('hex')}.part`)
  try {
    const sha256 = await receive(url, { to: fresh, seconds })
    vouch(sha256)
    await rename(fresh, join(folder, sha256))
    return sha256
  } finally {
    await rm(fresh, { force: true })
  }
}

export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

async function receive(url: string, { to, seconds }: { to: string; seconds: number }): Promise<string> {
  const { login, bare } = splitLogin(url)
  const headers = login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
  const { signal, moved, end } = stallClock(seconds)
  try {
    const response = await fetch(bare, { headers, signal })
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`)
    await mkdir(dirname(to), { recursive: true })
    const hash = createHash('sha256')
    const body = Readable.fromWeb(response.body)
    body.on('data', (chunk: Buffer) => {
      moved()
      hash.update(chunk)
    })
    await pipeline(body, createWriteStream(to, { mode: 0o600 }))
    return hash.digest('hex')
  } catch (error) {
    throw unfetched(url, error instanceof Error ? String(error.cause ?? error.message) : String(error))
  } finally {
    end()
  }
}

/** Aborts when nothing has moved for so long. */
function stallClock(seconds: number) {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(new Error(`nothing came for ${seconds} s`)), seconds * 1000)
  return { signal: abort.signal, moved: () => void timer.refresh(), end: () => clearTimeout(timer) }
}

/** `fetch` refuses a URL that holds a login. */
function splitLogin(url: string): { login?: string; bare: string } {
  const parsed = new URL(url)
  if (parsed.username === '') return { bare: url }
  const login = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`
  parsed.username = ''
  parsed.password = ''
  return { login, bare: parsed.href }
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}

function assertSame(blob: { from: string; sha256: string }, is: string): void {
  if (is === blob.sha256) return
  throw new KcharmError('invalid-option', `${lockKey(blob)} has the sha256 ${is}, expected ${blob.sha256}`, {
    hint: 'these are not the bytes that were vouched for: look where they come from; kcharm resource pin vouches anew',
  })
}

function unfetched(url: string, why: string): KcharmError {
  return new KcharmError('unit-failed', `${lockKey({ from: url })} cannot be fetched: ${why}`, {
    hint: 'fetch it by hand and give the file: --resource APP:NAME=PATH',
  })
}
