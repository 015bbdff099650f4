import { spawn } from 'node:child_process'
import { connect as openSocket, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import { tail } from './reply.ts'
import type { Target } from './target.ts'

/** The stream below an SSH connection. */
export type Wire = Duplex

/** Nagle's algorithm and delayed acknowledgements would cost 40 ms in each direction. */
export function dial({ host, port }: Target, deadlineMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const sock = openSocket({ host, port, noDelay: true })
    const timer = setTimeout(() => sock.destroy(new Error('no answer')), deadlineMs)
    sock.once('close', () => clearTimeout(timer))
    sock.once('error', reject)
    sock.once('connect', () => {
      clearTimeout(timer)
      sock.off('error', reject)
      resolve(sock)
    })
  })
}

/** Through a connection that stands; forwarded streams do not count among a server's sessions. */
export function forward(
  { client, lost, target: { name: through } }: Connection,
  { host, port }: Target,
  deadlineMs: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const late = (): void => {
      isLate = true
      reject(new Error('no answer'))
    }
    const timer = setTimeout(late, deadlineMs)
    lost.catch(reject).finally(() => clearTimeout(timer))
    client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      clearTimeout(timer)
      if (isLate) channel?.destroy()
      else if (error) reject(new Error(`${through} says: ${reasonOf(error)}`, { cause: error }))
      else resolve(channel)
    })
  })
}

/** RFC 4254, 5.1: reason 1 is what a sshd with `AllowTcpForwarding no` gives, whose words are only `open failed`. */
function reasonOf(error: Error & { reason?: unknown }): string {
  if (error.reason === 1) return 'forwarding is prohibited (AllowTcpForwarding, PermitOpen)'
  return /Channel open failure: (.*)/s.exec(error.message)?.[1] ?? error.message
}

/** Through a command of the user's, by the user's shell (ssh_config(5), ProxyCommand). */
export function pipeThrough(command: string): Duplex {
  const child = spawn(process.env['SHELL'] ?? '/bin/sh', ['-c', `exec ${command}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C at the terminal is for kcharm, which ends it in order.
    detached: true,
  })
  let said: Buffer = Buffer.alloc(0)
  child.stderr.on('data', (chunk: Buffer) => (said = tail(said, chunk, 1024)))
  const wire: Duplex = new Duplex({
    read: () => void child.stdout.resume(),
    // A command that has ended says why; that nobody reads any more is not the reason.
    write: (chunk, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  child.stdout.on('data', (chunk: Buffer) => {
    if (!wire.push(chunk)) child.stdout.pause()
  })
  child.stdin.on('error', () => undefined)
  child.on('error', (error) => wire.destroy(error))
  child.on('close', (status) => {
    const words = said.toString('utf8').trim()
    if (status === 0 && words === '') wire.push(null)
    else
      wire.destroy(new Error(`the ProxyCommand ended with status ${status ?? 128}${words === '' ? '' : `: ${words}`}`))
  })
  return wire
}
