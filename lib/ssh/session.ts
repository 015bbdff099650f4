import { randomBytes } from 'node:crypto'
import { KcharmError } from '../errors/index.ts'
import { commandLine, type Sudo } from './command-line.ts'
import { connect, type Connection, type ConnectOptions } from './connect.ts'
import { ConnectionLost } from './connection-lost.ts'
import { Conversation } from './conversation.ts'
import { execute, type RemoteProcess } from './execute.ts'
import { LOCK_STATUS, lockLine, PING_LINE, prelude, runLine } from './node-shell.ts'
import type { Reply } from './reply.ts'
import { notStarted } from './not-started.ts'
import type { Target } from './target.ts'
import { upload, type UploadOptions, type UploadSource } from './upload.ts'

export interface RunOptions {
  /** Without an answer by then the connection is given up: ConnectionLost. Default: no limit. */
  deadlineMs?: number
  /** Each whole line of stdout as it comes. */
  onLine?(line: string): void
}

/** A shell on the machine that stays open; everything but uploads goes through its one channel. */
export interface Session {
  /** Evaluates one POSIX sh script; `$R` is the root prefix. A status other than 0 is an answer, not an error. */
  run(script: string, options?: RunOptions): Promise<Reply>
  /** Writes a file below the root prefix over a second channel: whole or not at all. */
  upload(source: UploadSource, to: string, options?: UploadOptions): Promise<void>
  /** Holds the machine's lock until the session ends. Error: `locked`, naming the holder. */
  lock(holder: string): Promise<void>
  close(): Promise<void>
}

export interface SessionOptions extends ConnectOptions {
  sudo: Sudo
  /** Most bytes of stdout in one answer. Default 64 MiB. */
  outputLimit?: number
  /** Patience of a session that holds the lock with an operator it hears nothing from. Default 60. */
  silenceSeconds?: number
}

/** Logs in and starts the session's shell. The first script travels without waiting for the shell to be up. */
export async function openSession(target: Target, options: SessionOptions): Promise<Session> {
  const connection = await connect(target, options)
  try {
    return new ShellSession(connection, await execute(connection, commandLine(options.sudo, 'session')), options)
  } catch (error) {
    connection.end()
    throw error
  }
}

class ShellSession implements Session {
  readonly #connection: Connection
  readonly #process: RemoteProcess
  readonly #options: SessionOptions
  readonly #silenceSeconds: number
  readonly #conversation: Conversation
  /** Rejects when nothing more can be asked. */
  readonly #ended: Promise<never>
  #start: NodeJS.Timeout | undefined
  #end: (reason: Error) => void = () => undefined
  #busy = 0
  #last: Promise<unknown> = Promise.resolve()
  #ping: NodeJS.Timeout | undefined

  constructor(connection: Connection, process: RemoteProcess, options: SessionOptions) {
    this.#connection = connection
    this.#process = process
    this.#options = options
    this.#silenceSeconds = options.silenceSeconds ?? 60
    this.#ended = new Promise<never>((_, reject) => (this.#end = reject))
    this.#ended.catch(() => undefined)
    const marker = randomBytes(16).toString('hex')
    this.#conversation = new Conversation({
      marker,
      outputLimit: options.outputLimit ?? 64 * 1024 * 1024,
      started: () => clearTimeout(this.#start),
      broken: (reason) => this.#giveUp(this.#error(`the machine does not answer as it should: ${reason}`)),
    })
    this.#listen()
    process.channel.write(prelude({ marker, silenceSeconds: this.#silenceSeconds }))
  }

  run(script: string, options: RunOptions = {}): Promise<Reply> {
    return this.#ask(runLine(script), options)
  }

  upload(source: UploadSource, to: string, options: UploadOptions = {}): Promise<void> {
    return upload(this.#connection, { ...options, sudo: this.#options.sudo, source, to })
  }

  async lock(holder: string): Promise<void> {
    const { status, stdout, stderr } = await this.#ask(lockLine(holder), { deadlineMs: this.#options.deadlineMs })
    const { name } = this.#connection.target
    if (status === LOCK_STATUS.held) {
      const who = stdout.trim() || 'another kcharm that has only just begun'
      throw new KcharmError('locked', `${name} is in use by ${who}`, {
        machine: name,
        hint: 'wait until it has finished; the lock ends with the process that holds it',
      })
    }
    if (status === LOCK_STATUS.noFlock) {
      throw new KcharmError(
        'unit-failed',
        `${name}: the command flock is missing, without it the machine cannot be locked`,
        {
          machine: name,
          hint: 'install util-linux there',
        },
      )
    }
    if (status !== 0)
      throw new KcharmError('unit-failed', `${name}: cannot take the lock: ${stderr.trim()}`, { machine: name })
    this.#ping ??= setInterval(
      () => this.#busy === 0 && this.#process.channel.write(PING_LINE),
      this.#silenceSeconds * 250,
    )
    this.#ping.unref()
  }

  async close(): Promise<void> {
    const locked = this.#ping !== undefined
    this.#process.channel.end()
    // The lock is let go by the shell's own end; a next session must find it free.
    if (locked) await settled(this.#process.exited, 5000)
    this.#giveUp(new ConnectionLost(this.#connection.target.name, 'the session was closed'))
  }

  /** One request after the other. */
  #ask(line: string, options: RunOptions): Promise<Reply> {
    this.#busy++
    const reply = this.#last.then(() => this.#exchange(line, options)).finally(() => this.#busy--)
    this.#last = reply.catch(() => undefined)
    return reply
  }

  async #exchange(line: string, { deadlineMs, onLine }: RunOptions): Promise<Reply> {
    if (!this.#conversation.started) this.#start ??= this.#patience(this.#options.deadlineMs)
    const timer = deadlineMs === undefined ? undefined : this.#patience(deadlineMs)
    const reply = this.#conversation.next(onLine)
    try {
      this.#process.channel.write(line)
      return await Promise.race([reply, this.#ended])
    } finally {
      clearTimeout(timer)
    }
  }

  #patience(deadlineMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      const reason = `no answer within ${deadlineMs / 1000} s`
      this.#giveUp(new ConnectionLost(this.#connection.target.name, reason))
    }, deadlineMs)
  }

  #listen(): void {
    const { channel, exited, closed } = this.#process
    channel.on('data', this.#conversation.stdout)
    channel.stderr.on('data', this.#conversation.stderr)
    channel.on('error', () => undefined)
    // Output may still be on its way when the status comes, and a daemon that holds the pipe keeps it open.
    exited.then(
      (status) => {
        const say = (): void => this.#giveUp(this.#stopped(status))
        void closed.then(say)
        setTimeout(say, 1000).unref()
      },
      (error: Error) => this.#giveUp(error),
    )
  }

  #stopped(status: number): Error {
    const { target } = this.#connection
    if (this.#conversation.started)
      return new ConnectionLost(target.name, `the session's shell ended with status ${status}`)
    return notStarted(target, { status, noise: this.#conversation.noise.toString('utf8') })
  }

  #giveUp(error: Error): void {
    clearInterval(this.#ping)
    clearTimeout(this.#start)
    this.#end(error)
    this.#connection.end()
  }

  #error(message: string): KcharmError {
    const { name } = this.#connection.target
    return new KcharmError('connection', `${name}: ${message}`, { machine: name })
  }
}

/** Waits for an end of whatever kind, but not for ever. */
async function settled(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)))
  await Promise.race([promise.catch(() => undefined), limit])
  clearTimeout(timer)
}
