import { blobPath } from '../host/archive.ts'
import type { Blob, Change } from '../host/kind.ts'
import { BLOBS, path } from '../host/shell.ts'
import { fetchBlob } from './fetch-blob.ts'
import type { SiteLink } from './site-link.ts'

/**
 * Lays the bytes of a change on its machine, once. They are checked here before they travel, once for all machines; the
 * machine checks them again before it unpacks.
 */
export function blobProvider(): (link: SiteLink, change: Change) => Promise<void> {
  const fetched = new Map<string, Promise<string>>()
  return async ({ session }, { blob }) => {
    if (blob === undefined) return
    const to = blobPath(blob.sha256)
    const there = await session.run(
      `mkdir -p ${path(BLOBS)} && { stat -c %s ${path(to)} 2>/dev/null || wc -c <${path(to)}; } 2>/dev/null`,
    )
    const file = fetched.get(blob.sha256) ?? fetchBlob(blob)
    fetched.set(blob.sha256, file)
    if (isWhole(blob, there.stdout)) return
    await session.upload({ path: await file }, to)
  }
}

/** An upload arrives whole or not at all; a size that is not known yet (never fetched here) cannot contradict. */
function isWhole(blob: Blob, size: string): boolean {
  const have = size.trim()
  return have !== '' && (blob.size === 0 || have === String(blob.size))
}
