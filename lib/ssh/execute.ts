import type { ClientChannel } from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import { ConnectionLost } from './connection-lost.ts'
import type { Connection } from './connection.ts'

export interface RemoteProcess {
  channel: ClientChannel
  /** The exit status; 128 or more after a signal. Rejects with ConnectionLost when none came. */
  exited: Promise<number>
  /** Resolves when all output has been read. */
  closed: Promise<void>
}

/** Starts one command on a channel of its own. Its output may still follow when `exited` resolves. */
export function execute(
  { client, lost, target }: Connection,
  command: string,
  deadlineMs: number,
): Promise<RemoteProcess> {
  return new Promise((resolve, reject) => {
    const refuse = (reason: string, cause?: Error): void => {
      const message = `${target.name}: the machine refused to run a command: ${reason}`
      reject(new KcharmError('connection', message, { machine: target.name, cause }))
    }
    const timer = setTimeout(() => refuse(`no answer within ${deadlineMs / 1000} s`), deadlineMs)
    lost.catch(reject).finally(() => clearTimeout(timer))
    try {
      client.exec(command, (error, channel) => {
        clearTimeout(timer)
        if (error) refuse(error.message, error)
        else resolve(processOn(channel, { lost, name: target.name }))
      })
    } catch {
      // What ssh2 throws when the connection has ended before.
      reject(new ConnectionLost(target.name, 'closed'))
    }
  })
}

/** Listens at once: after an await the exit event can be gone already. */
function processOn(channel: ClientChannel, { lost, name }: { lost: Promise<never>; name: string }): RemoteProcess {
  const closed = new Promise<void>((resolve) => channel.on('close', () => resolve()))
  const exited = new Promise<number>((resolve, reject) => {
    channel.on('exit', (status: number | null) => resolve(status ?? 128))
    void closed.then(() => reject(new ConnectionLost(name, 'the command ended without a status')))
    lost.catch(reject)
  })
  exited.catch(() => undefined)
  return { channel, exited, closed }
}
