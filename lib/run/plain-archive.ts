import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { constants, createGzip } from 'node:zlib'
import { KcharmError } from '../errors/index.ts'
import { type ArchiveFormat, formatOf } from '../host/archive-format.ts'
import { blobCache } from '../state/places.ts'

/**
 * The same archive as gzip, which every machine can read, in the cache. Errors: `invalid-option` for a file that is not
 * what its name says.
 */
export async function decompressed(file: string, blob: { sha256: string; name: string }): Promise<string> {
  const folder = blobCache()
  const to = join(folder, `${blob.sha256}.tar.gz`)
  if (await stat(to).catch(() => undefined)) return to
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = `${to}.${process.pid}.part`
  try {
    const gzip = createGzip({ level: constants.Z_BEST_SPEED })
    await pipeline(await plain(file, formatOf(blob.name)), gzip, createWriteStream(fresh, { mode: 0o600 }))
    await rename(fresh, to)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KcharmError('invalid-option', `${blob.name} cannot be decompressed: ${why}`, { cause })
  } finally {
    await rm(fresh, { force: true })
  }
  return to
}

async function plain(file: string, format: ArchiveFormat): Promise<Readable> {
  const packed = createReadStream(file, { highWaterMark: 256 * 1024 })
  if (format === 'tar.xz') {
    const { XzReadableStream } = await import('xz-decompress')
    const stream = new XzReadableStream(Readable.toWeb(packed) as globalThis.ReadableStream)
    return Readable.fromWeb(stream as unknown as ReadableStream<Uint8Array>)
  }
  if (format === 'tar.zst') return packed.pipe(await unzstd())
  return packed
}

async function unzstd(): Promise<Transform> {
  const { Decompress } = await import('fzstd')
  const out = (chunk: Uint8Array): void => void stream.push(chunk)
  const zstd = new Decompress(out)
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      attempt(() => zstd.push(chunk), done)
    },
    flush(done) {
      attempt(() => zstd.push(new Uint8Array(), true), done)
    },
  })
  return stream
}

function attempt(work: () => void, done: (error?: Error) => void): void {
  try {
    work()
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
    return
  }
  done()
}
