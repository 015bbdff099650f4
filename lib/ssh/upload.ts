import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KcharmError } from '../errors/index.ts'
import { path } from '../host/shell.ts'
import { commandLine, type Sudo } from './command-line.ts'
import type { Connection } from './connect.ts'
import { execute } from './execute.ts'
import { tail } from './reply.ts'

export type UploadSource = { path: string } | { data: Buffer }

export interface UploadOptions {
  /** Permission bits of the file. Default 0600. */
  mode?: number
  /** Bytes sent so far. */
  onProgress?(bytes: number): void
}

interface Upload extends UploadOptions {
  sudo: Sudo
  /** Time for the second channel to open. */
  deadlineMs: number
  source: UploadSource
  /** Absolute path below the root prefix; its folder exists. */
  to: string
}

/**
 * Streams a file to `TO.part` and renames it when all bytes are there. Errors: `unit-failed` with what the machine
 * said (disk full, read-only), `not-found` when there is no such source, ConnectionLost.
 */
export async function upload(connection: Connection, job: Upload): Promise<void> {
  const size = await sizeOf(job.source)
  const { channel, exited } = await execute(connection, commandLine(job.sudo, 'upload'), job.deadlineMs)
  let said: Buffer = Buffer.alloc(0)
  channel.stderr.on('data', (chunk: Buffer) => (said = tail(said, chunk, 4096)))
  channel.resume()
  channel.write(receiver(job, size))
  const sent = pipeline(open(job.source), counter(job.onProgress), channel).catch((error: unknown) => error)
  const status = await exited
  const failure = await sent
  if (status === 0) return
  const { name } = connection.target
  const reason = said.toString('utf8').trim() || (failure instanceof Error ? failure.message : `status ${status}`)
  throw new KcharmError('unit-failed', `${name}: cannot write ${job.to}: ${reason}`, { machine: name, cause: failure })
}

/**
 * One line, read by the shell byte for byte, so that all that follows is left for `cat`. When the operator is gone
 * the shell must not speak: a broken pipe would end it before it has cleaned up.
 */
function receiver({ to, mode = 0o600 }: Upload, size: number): string {
  const steps = [
    'export LC_ALL=C',
    'umask 077',
    'R=${KCHARM_ROOT-}',
    `t=${path(`${to}.part`)}`,
    `trap 'rm -f "$t"' EXIT`,
    'cat >"$t" || exit 1',
    `[ $(wc -c <"$t") -eq ${size} ] || exit 1`,
    `chmod ${mode.toString(8)} "$t" && mv -f "$t" ${path(to)}`,
  ]
  return `${steps.join('; ')}\n`
}

async function sizeOf(source: UploadSource): Promise<number> {
  if ('data' in source) return source.data.length
  const { size } = await stat(source.path).catch((cause: unknown) => {
    throw new KcharmError('not-found', `the file to upload cannot be read: ${source.path}`, { cause })
  })
  return size
}

function open(source: UploadSource): Readable {
  return 'data' in source
    ? Readable.from([source.data], { objectMode: false })
    : createReadStream(source.path, { highWaterMark: 256 * 1024 })
}

function counter(onProgress?: (bytes: number) => void): (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer> {
  return async function* (chunks) {
    let bytes = 0
    for await (const chunk of chunks) {
      yield chunk
      onProgress?.((bytes += chunk.length))
    }
  }
}
