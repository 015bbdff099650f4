import { frameReader } from './frame-reader.ts'
import { ReplyCollector, tail, type Reply } from './reply.ts'

/** Noise is a banner, not a stream: more than this between two answers is a machine that does not keep to the form. */
const NOISE_LIMIT = 1024 * 1024
const NOISE_TAIL = 4096

export interface ConversationOptions {
  marker: string
  /** Most bytes in one answer. */
  outputLimit: number
  /** The session's shell has answered for the first time. */
  started(): void
  /** The machine does not keep to the form; the session is of no use any more. */
  broken(reason: string): void
}

/** Requests and answers over the two output streams of a session, one at a time. Knows nothing of SSH. */
export class Conversation {
  /** Whether the session's shell has ever answered. */
  started = false
  /** The end of what came outside of answers, for messages about a session that does not start. */
  noise: Buffer = Buffer.alloc(0)
  readonly stdout: (chunk: Buffer) => void
  readonly stderr: (chunk: Buffer) => void
  readonly #options: ConversationOptions
  #noiseBytes = 0
  #current: { collector: ReplyCollector; resolve(reply: Reply): void; reject(error: Error): void } | undefined
  #failure: Error | undefined

  constructor(options: ConversationOptions) {
    this.#options = options
    this.stdout = this.#reader((collector, bytes) => collector.stdout(bytes))
    this.stderr = this.#reader((collector, bytes) => collector.stderr(bytes))
  }

  /** The next answer. The request is sent by the caller. */
  next(onLine?: (line: string) => void): Promise<Reply> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#noiseBytes = 0
      this.#current = { collector: new ReplyCollector(onLine), resolve, reject }
    })
  }

  /** No answer comes any more, for this reason. Only the first one counts. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#current?.reject(this.#failure)
    this.#current = undefined
  }

  #reader(output: (collector: ReplyCollector, bytes: Buffer) => void): (chunk: Buffer) => void {
    return frameReader(this.#options.marker, {
      begin: () => {
        if (!this.started) this.#options.started()
        this.started = true
        if (!this.#current) this.#options.broken('an answer without a question')
      },
      output: (bytes) => {
        if (this.#current) this.#take(this.#current.collector, bytes, output)
      },
      end: (status) => this.#end(status),
      noise: (bytes) => this.#hear(bytes),
      broken: (reason) => this.#options.broken(reason),
    })
  }

  #take(collector: ReplyCollector, bytes: Buffer, output: (collector: ReplyCollector, bytes: Buffer) => void): void {
    output(collector, bytes)
    const { outputLimit } = this.#options
    if (collector.bytes > outputLimit) this.#options.broken(`an answer of more than ${outputLimit} bytes`)
  }

  #end(status: number): void {
    const reply = this.#current?.collector.end(status)
    if (!reply) return
    const asked = this.#current
    this.#current = undefined
    asked?.resolve(reply)
  }

  #hear(bytes: Buffer): void {
    this.noise = tail(this.noise, bytes, NOISE_TAIL)
    this.#noiseBytes += bytes.length
    if (this.#noiseBytes > NOISE_LIMIT) this.#options.broken('endless output outside of any answer')
  }
}
