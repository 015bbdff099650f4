import type { ClientChannel } from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import { ConnectionLost } from './connection-lost.ts'
import type { Connection } from './connect.ts'

export interface RemoteProcess {
  channel: ClientChannel
  /** The exit status; 128 or more after a signal. Rejects with ConnectionLost when none came. */
  exited: Promise<number>
  /** Resolves when all output has been read. */
  closed: Promise<void>
}

/** Starts one command on a channel of its own. Its output may still follow when `exited` resolves. */
export function execute({ client, lost, target }: Connection, command: string): Promise<RemoteProcess> {
  return new Promise((resolve, reject) => {
    lost.catch(reject)
    client.exec(command, (error, channel) => {
      if (error) {
        const message = `${target.name}: the machine refused to run a command: ${error.message}`
        reject(new KcharmError('connection', message, { machine: target.name, cause: error }))
        return
      }
      // Listeners belong here: after an await the exit event can be gone already.
      const closed = new Promise<void>((done) => channel.on('close', () => done()))
      const exited = new Promise<number>((done, gone) => {
        channel.on('exit', (status: number | null) => done(status ?? 128))
        void closed.then(() => gone(new ConnectionLost(target.name, 'the command ended without a status')))
        lost.catch(gone)
      })
      exited.catch(() => undefined)
      resolve({ channel, exited, closed })
    })
  })
}
