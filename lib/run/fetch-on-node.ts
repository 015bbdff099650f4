import { blobPath } from '../host/archive.ts'
import type { Blob } from '../host/kind.ts'
import { path, quote } from '../host/shell.ts'
import { EndedLate } from '../ssh/ended-late.ts'
import type { NodeSession } from './node-session.ts'

/**
 * Downloads on the machine, going on with what a cut download left, and checks the digest. Gives the fault in words, or
 * nothing; so many seconds are given to it. The URL, which may hold a login, reaches curl and wget by their standard input: arguments are seen by all.
 */
export async function fetchOnNode(session: NodeSession, blob: Blob, seconds: number): Promise<string | undefined> {
  const to = path(blobPath(blob.sha256))
  const part = path(`${blobPath(blob.sha256)}.part`)
  try {
    const reply = await session.run(script(blob, { to, part }), { deadlineMs: seconds * 1000 })
    return reply.status === 0 ? undefined : faultIn(reply)
  } catch (error) {
    if (error instanceof EndedLate) return error.what
    throw error
  }
}

function faultIn(reply: { status: number; stderr: string }): string {
  return reply.stderr.trim().split('\n').at(-1)?.slice(0, 300) || `exit status ${reply.status}`
}

function script({ from, sha256 }: Blob, { to, part }: { to: string; part: string }): string {
  const { href } = new URL(from)
  const line = `url = "${href.replace(/["\\]/g, '\\$&')}"`
  return [
    'if command -v curl >/dev/null; then',
    `  printf '%s\\n' ${quote(line)} | curl -q -fsSL --connect-timeout 10 --speed-time 60 --retry 2 -C - -o ${part} -K - || exit`,
    'elif wget --version 2>/dev/null | grep -q GNU; then',
    `  printf '%s\\n' ${quote(href)} | wget -nv --connect-timeout=10 --read-timeout=60 --tries=3 -c -O ${part} -i - || exit`,
    "else echo 'it has neither curl nor wget' >&2; exit 1; fi",
    `if [ "$(sha256sum <${part} | cut -d ' ' -f 1)" != ${sha256} ]; then`,
    `  rm -f ${part}; echo 'the bytes have another digest than the vouched one' >&2; exit 1`,
    'fi',
    `rm -f ${to}.as && mv -f ${part} ${to}`,
  ].join('\n')
}
