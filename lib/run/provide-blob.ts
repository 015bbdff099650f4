import { stat } from 'node:fs/promises'
import { formatOf, unpackerOf } from '../host/archive-format.ts'
import { blobPath } from '../host/archive.ts'
import type { Blob, Change } from '../host/kind.ts'
import { BLOBS, path, quote } from '../host/shell.ts'
import { StepFailed } from '../lifecycle/ask.ts'
import { Limiter } from '../ssh/limiter.ts'
import { digestOf, fetchBlob } from './fetch-blob.ts'
import { fetchOnNode } from './fetch-on-node.ts'
import type { NodeSession } from './node-session.ts'
import { DEADLINES } from './deadlines.ts'
import { isWeb } from './resolve-blobs.ts'
import type { SiteLink } from './site-link.ts'
import { uploadMeter } from './upload-meter.ts'
import { type Wait, waiting } from './waiting.ts'

/** Lays the bytes of a change on its machine; `say` hears how far that is. */
export type ProvideBlob = (link: SiteLink, change: Change, say: (text: string) => void) => Promise<void>

/** More would only share the operator's uplink. */
const UPLOADS = 5

/**
 * Each file is laid on a machine once: downloaded there, or uploaded, at most five at a time. What is uploaded is checked
 * here before it travels, once for all machines; the machine checks it again before it unpacks. A machine without the
 * archive's decompressor gets it as gzip, with a note of the digest that it has then.
 */
export function blobProvider(deadlines = DEADLINES): ProvideBlob {
  const files = new Map<string, Promise<Cargo>>()
  const uplink = new Limiter(UPLOADS)
  const meter = uploadMeter()
  const cargo = (blob: Blob, plain: boolean): Promise<Cargo> => {
    const key = `${blob.sha256} ${plain ? 'plain' : 'as it is'}`
    const made = files.get(key) ?? loaded(blob, plain)
    files.set(key, made)
    return made
  }
  return async ({ session }, { blob }, say) => {
    if (blob === undefined) return
    const there = await readThere(session, blob)
    if (there.whole) return
    if (there.unpacks && (await isFetched(session, blob, { say, seconds: deadlines.download }))) return
    if (!there.unpacks) say(`${blob.name} is sent as gzip: the machine has no ${unpackerOf(formatOf(blob.name))}`)
    await uplink.run(async () => {
      const load = await cargo(blob, !there.unpacks)
      await send(session, load, { to: blobPath(blob.sha256), onProgress: meter(blob.name, load.bytes, say) })
    })
  }
}

const NOTE = { deadlineMs: DEADLINES.note * 1000 }

/** What is there: the whole file (as it is, or decompressed with its note), and the program that reads it. */
async function readThere(session: NodeSession, blob: Blob): Promise<{ whole: boolean; unpacks: boolean }> {
  const to = path(blobPath(blob.sha256))
  const { stdout } = await session.run(
    [
      `mkdir -p ${path(BLOBS)}`,
      `{ stat -c %s ${to} || wc -c <${to}; } 2>/dev/null | tr -d ' '`,
      `command -v ${unpackerOf(formatOf(blob.name))} >/dev/null && echo unpacks`,
      `[ ! -f ${to} ] || [ ! -f ${path(`${blobPath(blob.sha256)}.as`)} ] || echo noted`,
    ].join('\n'),
    NOTE,
  )
  const words = stdout.split('\n')
  const size = words.find((word) => /^\d+$/.test(word))
  const asDeclared = size !== undefined && (blob.size === 0 || size === String(blob.size)) // 0: never fetched here
  return { whole: words.includes('noted') || asDeclared, unpacks: words.includes('unpacks') }
}

type Fetching = Pick<Wait, 'say' | 'seconds'>

/** On the machine, when the bundle wants it, or leaves it open and it works there. */
async function isFetched(session: NodeSession, blob: Blob, { say, seconds }: Fetching): Promise<boolean> {
  if (!isWeb(blob.from) || blob.fetch === 'operator') return false
  say(`the machine fetches ${blob.name}`)
  const fetched = fetchOnNode(session, blob, seconds)
  const fault = await waiting({ for: `the machine, which fetches ${blob.name}`, seconds, say }, fetched)
  if (fault === undefined) return true
  if (blob.fetch === 'node') {
    throw new StepFailed(
      `${blob.name} cannot be fetched by the machine: ${fault}`,
      'or let it be uploaded: `fetch: operator`',
    )
  }
  say(`${blob.name} cannot be fetched by the machine (${fault}): it is uploaded`)
  return false
}

/** A file on its way to machines; `as`: its format and digest, where these are not the declared ones. */
interface Cargo {
  file: string
  bytes: number
  as?: string
}

async function loaded(blob: Blob, plain: boolean): Promise<Cargo> {
  const file = await fetchBlob(blob)
  if (!plain) return { file, bytes: (await stat(file)).size }
  const { decompressed } = await import('./plain-archive.ts')
  const gzip = await decompressed(file, blob)
  return { file: gzip, bytes: (await stat(gzip)).size, as: `tar.gz ${await digestOf(gzip)}` }
}

async function send(
  session: NodeSession,
  { file, as }: Cargo,
  how: { to: string; onProgress(bytes: number): void },
): Promise<void> {
  const note = path(`${how.to}.as`)
  await session.run(as === undefined ? `rm -f ${note}` : `echo ${quote(as)} >${note}`, NOTE)
  await session.upload({ path: file }, how.to, {
    resume: true,
    stallMs: DEADLINES.stall * 1000,
    onProgress: how.onProgress,
  })
}
