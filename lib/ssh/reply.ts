/** The answer to one script. */
export interface Reply {
  status: number
  stdout: string
  /** The last 64 KiB. */
  stderr: string
}

const STDERR_TAIL = 64 * 1024

/** Gathers one answer from both streams of a session. */
export class ReplyCollector {
  readonly #stdout: Buffer[] = []
  readonly #lines: ((bytes: Buffer) => void) | undefined
  #stderr: Buffer = Buffer.alloc(0)
  #bytes = 0
  #status: number | undefined
  #open = 2

  constructor(onLine?: (line: string) => void) {
    this.#lines = onLine && lineSplitter(onLine)
  }

  /** Bytes of both streams so far. */
  get bytes(): number {
    return this.#bytes
  }

  stdout(bytes: Buffer): void {
    this.#bytes += bytes.length
    this.#stdout.push(bytes)
    this.#lines?.(bytes)
  }

  stderr(bytes: Buffer): void {
    this.#bytes += bytes.length
    this.#stderr = tail(this.#stderr, bytes, STDERR_TAIL)
  }

  /** One stream has ended; the reply when it was the second. */
  end(status: number): Reply | undefined {
    this.#status ??= status
    if (--this.#open > 0) return undefined
    return {
      status: this.#status,
      stdout: Buffer.concat(this.#stdout).toString('utf8'),
      stderr: this.#stderr.toString('utf8'),
    }
  }
}

/** The last `limit` bytes of both together. */
export function tail(before: Buffer, bytes: Buffer, limit: number): Buffer {
  const all = Buffer.concat([before, bytes])
  return all.length > limit ? all.subarray(all.length - limit) : all
}

/** Longer ones are nobody's progress; what is kept of a line without an end is bounded by it. */
const LONGEST_LINE = 64 * 1024

/** Whole lines only, cut to a length; a character that is cut by a packet is put together again. */
function lineSplitter(onLine: (line: string) => void): (bytes: Buffer) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return (bytes) => {
    const [first = '', ...others] = decoder.decode(bytes, { stream: true }).split('\n')
    const lines = [(rest + first).slice(0, LONGEST_LINE), ...others]
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}
