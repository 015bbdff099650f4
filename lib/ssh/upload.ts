import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KcharmError } from '../errors/index.ts'
import { path } from '../host/shell.ts'
import type { Sudo } from './command-line.ts'
import type { Connection } from './connection.ts'
import { ConnectionLost } from './connection-lost.ts'
import { startAs } from './elevate.ts'
import type { RemoteProcess } from './execute.ts'
import { tail } from './reply.ts'

export type UploadSource = { path: string } | { data: Buffer }

export interface UploadOptions {
  /** Permission bits of the file. Default 0600. */
  mode?: number
  /** A cut upload stays as `TO.part`, and the next one goes on behind it. Whose bytes they are is for the caller to check. */
  resume?: boolean
  /** Bytes that are there by now. */
  onProgress?(bytes: number): void
  /** Given up when nothing moves for so long: ConnectionLost. Default: two minutes. */
  stallMs?: number
}

const STALL_MS = 120_000

interface Upload extends UploadOptions {
  sudo: Sudo
  /** Time for the second channel to open. */
  deadlineMs: number
  source: UploadSource
  /** Absolute path below the root prefix; its folder exists. */
  to: string
}

/**
 * Streams a file to `TO.part` and renames it when all bytes are there; what does not arrive whole goes, but for a cut
 * upload that is to be resumed. Errors: `unit-failed` with what the machine
 * said (disk full, read-only), `not-found` when there is no such source, ConnectionLost.
 */
export async function upload(connection: Connection, job: Upload): Promise<void> {
  const size = await sizeOf(job.source)
  const process = await startAs(connection, 'upload', job)
  const clock = stallClock(connection, job.stallMs ?? STALL_MS)
  const onProgress = (bytes: number): void => {
    clock.moved()
    job.onProgress?.(bytes)
  }
  try {
    await send({ ...job, onProgress }, size, { connection, process })
  } catch (error) {
    throw clock.stood ?? error
  } finally {
    clock.end()
  }
}

async function send(
  job: Upload,
  size: number,
  { connection, process: { channel, exited } }: { connection: Connection; process: RemoteProcess },
): Promise<void> {
  let said: Buffer = Buffer.alloc(0)
  channel.stderr.on('data', (chunk: Buffer) => (said = tail(said, chunk, 4096)))
  const told = job.resume ? firstLine(channel, exited) : '0'
  channel.write(receiver(job, size))
  const start = Number(await told) || 0
  channel.resume()
  const sent = pipeline(open(job.source, start), counter(start, job.onProgress), channel).catch(
    (error: unknown) => error,
  )
  const status = await exited
  const failure = await sent
  if (status === 0) return
  const { name } = connection.target
  const reason = said.toString('utf8').trim() || (failure instanceof Error ? failure.message : `status ${status}`)
  throw new KcharmError('unit-failed', `${name}: cannot write ${job.to}: ${reason}`, { machine: name, cause: failure })
}

/** Ends the connection of an upload that stands still: a machine may take the channel and read nothing from it. */
function stallClock(connection: Connection, ms: number) {
  const clock = {
    stood: undefined as ConnectionLost | undefined,
    moved: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  }
  const timer = setTimeout(() => {
    clock.stood = new ConnectionLost(connection.target.name, `an upload stood still for ${ms / 1000} s`)
    connection.end()
  }, ms)
  return clock
}

/**
 * One line, read by the shell byte for byte, so that all that follows is left for `cat`. When the operator is gone
 * the shell must not speak: a broken pipe would end it before it has cleaned up.
 */
function receiver({ to, mode = 0o600, resume }: Upload, size: number): string {
  const begin = resume
    ? ['s=$(wc -c 2>/dev/null <"$t") || s=0', `[ "$s" -le ${size} ] || { rm -f "$t"; s=0; }`, 'echo $((s))']
    : ['rm -f "$t"', `trap 'rm -f "$t"' EXIT`]
  const steps = [
    'export LC_ALL=C',
    'umask 077',
    'R=${KCHARM_ROOT-}',
    `t=${path(`${to}.part`)}`,
    ...begin,
    'cat >>"$t" || { rm -f "$t"; exit 1; }',
    `[ $(wc -c <"$t") -eq ${size} ] || exit 1`,
    `chmod ${mode.toString(8)} "$t" && mv -f "$t" ${path(to)}`,
  ]
  return `${steps.join('; ')}\n`
}

/** What the shell says first; nothing when it ends before. */
async function firstLine(channel: Readable, exited: Promise<unknown>): Promise<string> {
  let text = ''
  const line = new Promise<string>((resolve) => {
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!text.includes('\n') && text.length < 1024) return
      channel.off('data', take)
      resolve(text)
    }
    channel.on('data', take)
  })
  return await Promise.race([
    line,
    exited.then(
      () => text,
      () => text,
    ),
  ])
}

async function sizeOf(source: UploadSource): Promise<number> {
  if ('data' in source) return source.data.length
  const { size } = await stat(source.path).catch((cause: unknown) => {
    throw new KcharmError('not-found', `the file to upload cannot be read: ${source.path}`, { cause })
  })
  return size
}

function open(source: UploadSource, start: number): Readable {
  return 'data' in source
    ? Readable.from([source.data.subarray(start)], { objectMode: false })
    : createReadStream(source.path, { start, highWaterMark: 256 * 1024 })
}

function counter(
  start: number,
  onProgress?: (bytes: number) => void,
): (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer> {
  return async function* (chunks) {
    let bytes = start
    for await (const chunk of chunks) {
      yield chunk
      onProgress?.((bytes += chunk.length))
    }
  }
}
