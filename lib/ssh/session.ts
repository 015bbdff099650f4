import { randomBytes } from 'node:crypto'
import { KcharmError } from '../errors/index.ts'
import type { Sudo } from './command-line.ts'
import { connect, type ConnectOptions } from './connect.ts'
import type { Connection } from './connection.ts'
import { ConnectionLost } from './connection-lost.ts'
import { Conversation } from './conversation.ts'
import { startAs } from './elevate.ts'
import type { RemoteProcess } from './execute.ts'
import { lockRefused } from './lock-refused.ts'
import { EndedLate } from './ended-late.ts'
import { ENDED_LATE, lockLine, PING_LINE, prelude, runLine } from './node-shell.ts'
import type { Reply } from './reply.ts'
import { notStarted } from './not-started.ts'
import type { Target } from './target.ts'
import { upload, type UploadOptions, type UploadSource } from './upload.ts'

export interface RunOptions {
  /**
   * What still runs by then, rounded up to seconds, is ended on the machine: EndedLate. When not even that is answered the
   * connection is given up: ConnectionLost. Default: fifteen minutes.
   */
  deadlineMs?: number
  /** Each whole line of stdout as it comes. */
  onLine?(line: string): void
}

/** For what nobody gave a limit: longer than the removal of any tree, and an end all the same. */
const LONGEST_MS = 900_000

/** A shell on the machine that stays open; everything but uploads goes through its one channel. */
export interface Session {
  /** Evaluates one POSIX sh script; `$R` is the root prefix. A status other than 0 is an answer, not an error. Throws EndedLate. */
  run(script: string, options?: RunOptions): Promise<Reply>
  /** Writes a file below the root prefix over a second channel: whole or not at all. */
  upload(source: UploadSource, to: string, options?: UploadOptions): Promise<void>
  /** Holds the machine's lock until the session ends. Errors: `locked`, naming the holder; `unit-failed`. */
  lock(holder: string): Promise<void>
  close(): Promise<void>
}

export interface SessionOptions extends ConnectOptions {
  sudo: Sudo
  /** Most bytes in one answer. Default 64 MiB. */
  outputLimit?: number
  /** Patience of a session that holds the lock with an operator it hears nothing from. Default 60. */
  silenceSeconds?: number
  /** What is ended late is killed after so long. Default 10. */
  graceSeconds?: number
  /** For the machine's answer that it has ended something. Default 20 seconds. */
  answerMs?: number
}

/** Logs in and starts the session's shell. The first script travels without waiting for the shell to be up. */
export async function openSession(target: Target, options: SessionOptions): Promise<Session> {
  const connection = await connect(target, options)
  try {
    const process = await startAs(connection, 'session', options)
    return new ShellSession(connection, process, options)
  } catch (error) {
    connection.end()
    throw error
  }
}

interface Exchange {
  deadlineMs: number
  onLine?(line: string): void
}

class ShellSession implements Session {
  readonly #connection: Connection
  readonly #process: RemoteProcess
  readonly #options: SessionOptions
  readonly #silenceSeconds: number
  readonly #graceSeconds: number
  readonly #conversation: Conversation
  #start: NodeJS.Timeout | undefined
  #ping: NodeJS.Timeout | undefined
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, process: RemoteProcess, options: SessionOptions) {
    this.#connection = connection
    this.#process = process
    this.#options = options
    this.#silenceSeconds = options.silenceSeconds ?? 60
    this.#graceSeconds = options.graceSeconds ?? 10
    const marker = randomBytes(16).toString('hex')
    this.#conversation = new Conversation({
      marker,
      outputLimit: options.outputLimit ?? 64 * 1024 * 1024,
      started: () => clearTimeout(this.#start),
      broken: (reason) => this.#giveUp(this.#failed(`the machine does not answer as it should: ${reason}`)),
    })
    this.#listen()
    process.channel.write(prelude({ marker, silenceSeconds: this.#silenceSeconds, graceSeconds: this.#graceSeconds }))
  }

  async run(script: string, { deadlineMs = LONGEST_MS, onLine }: RunOptions = {}): Promise<Reply> {
    const seconds = Math.ceil(deadlineMs / 1000)
    const patienceMs = (seconds + this.#graceSeconds) * 1000 + (this.#options.answerMs ?? 20_000)
    const reply = await this.#ask(runLine(script, seconds), { deadlineMs: patienceMs, ...(onLine ? { onLine } : {}) })
    if (reply.status !== ENDED_LATE) return reply
    throw new EndedLate(this.#connection.target.name, { seconds, stderr: reply.stderr })
  }

  upload(source: UploadSource, to: string, options: UploadOptions = {}): Promise<void> {
    const { sudo, deadlineMs } = this.#options
    return upload(this.#connection, { ...options, sudo, deadlineMs, source, to })
  }

  async lock(holder: string): Promise<void> {
    const reply = await this.#ask(lockLine(holder), { deadlineMs: this.#options.deadlineMs })
    if (reply.status !== 0) throw lockRefused(this.#connection.target.name, reply)
    const ping = (): void => {
      if (this.#waiting === 0) this.#process.channel.write(PING_LINE)
    }
    this.#ping ??= setInterval(ping, this.#silenceSeconds * 250).unref()
  }

  async close(): Promise<void> {
    this.#process.channel.end()
    // The lock is let go by the shell's own end, and a next session must find it free. A running step is not waited for.
    if (this.#ping && this.#waiting === 0) await settled(this.#process.exited, 5000)
    this.#giveUp(this.#lost('the session was closed'))
  }

  /** One request after the other. */
  #ask(line: string, options: Exchange): Promise<Reply> {
    this.#waiting++
    const reply = this.#last.then(() => this.#exchange(line, options)).finally(() => this.#waiting--)
    const over = (): void => undefined // the answer itself is not kept
    this.#last = reply.then(over, over)
    return reply
  }

  async #exchange(line: string, { deadlineMs, onLine }: Exchange): Promise<Reply> {
    const reply = this.#conversation.next(onLine)
    this.#process.channel.write(line)
    if (!this.#conversation.started) this.#start ??= this.#awaitStart()
    const late = (): void => this.#giveUp(this.#lost(`no answer within ${deadlineMs / 1000} s`))
    const timer = setTimeout(late, deadlineMs)
    return reply.finally(() => clearTimeout(timer))
  }

  #awaitStart(): NodeJS.Timeout {
    const { deadlineMs } = this.#options
    const late = (): void => this.#giveUp(this.#failed(`the shell did not answer within ${deadlineMs / 1000} s`))
    return setTimeout(late, deadlineMs).unref()
  }

  #listen(): void {
    const { channel, exited, closed } = this.#process
    channel.on('data', this.#conversation.stdout)
    channel.stderr.on('data', this.#conversation.stderr)
    channel.on('error', () => undefined)
    // Output may still be on its way when the status comes, but a daemon may keep the channel open for ever.
    const stopped = (status: number): void => {
      const say = (): void => this.#giveUp(this.#stopped(status))
      void closed.then(say)
      setTimeout(say, 1000).unref()
    }
    exited.then(stopped, (error: Error) => this.#giveUp(error))
  }

  #stopped(status: number): Error {
    if (this.#conversation.started) return this.#lost(`the session's shell ended with status ${status}`)
    return notStarted(this.#connection.target, { status, noise: this.#conversation.noise.toString('utf8') })
  }

  #giveUp(error: Error): void {
    clearInterval(this.#ping)
    clearTimeout(this.#start)
    this.#conversation.fail(error)
    this.#connection.end()
  }

  #lost(reason: string): ConnectionLost {
    return new ConnectionLost(this.#connection.target.name, reason)
  }

  #failed(reason: string): KcharmError {
    const { name } = this.#connection.target
    return new KcharmError('connection', `${name}: ${reason}`, { machine: name })
  }
}

/** Waits for an end of whatever kind, but not for ever. */
async function settled(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)))
  await Promise.race([promise.catch(() => undefined), limit])
  clearTimeout(timer)
}
