import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { ServerChannel } from 'ssh2'

export interface CommandOptions {
  root: string
  binDir?: string
  path?: string
  shell?: string
  env?: Record<string, string>
  uid?: number
  gid?: number
  /** How to end each command that still runs. */
  running: Set<() => void>
}

/** Runs one command as sshd does: by the login shell, in a session of its own, its streams on the channel. */
export function runCommand(channel: ServerChannel, command: string, options: CommandOptions): void {
  const { root, uid, gid, shell = 'sh' } = options
  const child = spawn(shell, ['-c', command], {
    cwd: root,
    env: environment(options),
    detached: true,
    ...(uid === undefined ? {} : { uid, gid }),
  })
  const end = (): void => endGroup(child)
  options.running.add(end)
  child.on('error', (error) => {
    channel.stderr.write(`${error.message}\n`)
    channel.exit(127)
    channel.end()
  })
  child.on('exit', (status, signal) => (signal ? channel.exit(signal.slice(3)) : channel.exit(status ?? 0)))
  child.on('close', () => {
    options.running.delete(end)
    channel.end()
  })
  connect(channel, child)
}

function environment({
  root,
  binDir,
  path = process.env.PATH ?? '/usr/bin:/bin',
  env,
}: CommandOptions): NodeJS.ProcessEnv {
  return { HOME: root, KCHARM_ROOT: root, PATH: binDir === undefined ? path : `${binDir}:${path}`, ...env }
}

function connect(channel: ServerChannel, child: ChildProcessWithoutNullStreams): void {
  channel.pipe(child.stdin)
  const write = oneByOne(channel)
  forward(child.stdout, (bytes) => write(channel, bytes))
  forward(child.stderr, (bytes) => write(channel.stderr, bytes))
  child.stdin.on('error', () => undefined)
  channel.on('error', () => undefined)
  // The client is gone: the command lives on with closed streams, as it does under sshd.
  channel.on('close', () => {
    child.stdin.destroy()
    child.stdout.destroy()
    child.stderr.destroy()
  })
}

function forward(from: Readable, write: (bytes: Buffer) => Promise<void>): void {
  from.on('data', (bytes: Buffer) => {
    from.pause()
    void write(bytes).then(() => from.resume())
  })
}

/**
 * Both streams share the window of their channel. When it is open again ssh2's server (1.17, server.js, CHANNEL_WINDOW_ADJUST) goes
 * on with one of two that wait, and takes the last that waited on stdout for waiting still: so one waits at a time, and is forgotten.
 */
function oneByOne(channel: ServerChannel): (to: Writable, bytes: Buffer) => Promise<void> {
  let last = Promise.resolve()
  return (to, bytes) => {
    const write = (): Promise<void> => new Promise((resolve) => void to.write(bytes, () => resolve()))
    last = last.then(write).then(() => void Object.assign(channel, { _chunk: undefined, _chunkcb: undefined }))
    return last
  }
}

function endGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return
  try {
    // Stopped first: none sees another's end, as with a power cut.
    process.kill(-child.pid, 'SIGSTOP')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}
