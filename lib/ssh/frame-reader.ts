/** What a stream of a session holds: noise outside of frames, output inside. */
export interface FrameEvents {
  begin(): void
  output(bytes: Buffer): void
  end(status: number): void
  noise(bytes: Buffer): void
  /** The machine does not keep to the form; nothing more is read. */
  broken(reason: string): void
}

/**
 * Splits a byte stream at MARKER[ and MARKER]STATUS newline, wherever the packets are cut. Bytes are passed on at
 * once, but for a tail that may be the beginning of a mark.
 */
export function frameReader(marker: string, events: FrameEvents): (chunk: Buffer) => void {
  const marks = { begin: Buffer.from(`${marker}[`), end: Buffer.from(`${marker}]`) }
  let rest: Buffer = Buffer.alloc(0)
  let inside = false
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const mark = inside ? marks.end : marks.begin
      const pass = inside ? events.output : events.noise
      const at = rest.indexOf(mark)
      if (at < 0) {
        const keep = partOf(mark, rest)
        pass(rest.subarray(0, rest.length - keep))
        // A copy: a part, even an empty one, would keep the whole packet for as long as the session is open.
        rest = Buffer.from(rest.subarray(rest.length - keep))
        return
      }
      if (at > 0) pass(rest.subarray(0, at))
      rest = rest.subarray(at)
      if (!inside) {
        events.begin()
        rest = rest.subarray(mark.length)
      } else {
        const after = rest.toString('latin1', mark.length, mark.length + 4)
        const status = /^(\d{1,3})\n/.exec(after)?.[1]
        if (status === undefined) {
          if (!/^\d{0,3}$/.test(after)) events.broken('an answer ended without a status')
          return
        }
        rest = rest.subarray(mark.length + status.length + 1)
        events.end(Number(status))
      }
      inside = !inside
    }
  }
}

/** How many bytes at the end of `bytes` may be the beginning of `mark`. */
function partOf(mark: Buffer, bytes: Buffer): number {
  const first = mark[0] ?? 0
  let at = bytes.indexOf(first, Math.max(0, bytes.length - mark.length + 1))
  while (at >= 0 && !mark.subarray(0, bytes.length - at).equals(bytes.subarray(at))) at = bytes.indexOf(first, at + 1)
  return at < 0 ? 0 : bytes.length - at
}
