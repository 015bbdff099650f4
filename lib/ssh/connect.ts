import { setTimeout as sleep } from 'node:timers/promises'
import { connect as openSocket, type Socket } from 'node:net'
import { NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import { ConnectionLost } from './connection-lost.ts'
import { credentials, type Credentials } from './credentials.ts'
import { explain, isDropped } from './failure.ts'
import { hostKeyCheck, type HostKeyCheck } from './host-key.ts'
import { Limiter } from './limiter.ts'
import { address, type Target } from './target.ts'

export interface Connection {
  readonly target: Target
  readonly client: Client
  /** Rejects with ConnectionLost when the connection ends, whoever ended it. */
  readonly lost: Promise<never>
  end(): void
}

export interface ConnectOptions {
  /** Time for one whole login, from the first packet. */
  deadlineMs: number
  /** Receives lines for people, such as a newly accepted host key. */
  say(line: string): void
  /** Handshakes at once. Default: eight for each address, as sshd drops more than ten (MaxStartups). */
  limiter?: Limiter
}

/**
 * Logs in. Errors: `connection` (not reachable, no answer in time), `host-key` (changed, revoked),
 * `auth` (login refused, unusable key).
 */
export async function connect(target: Target, options: ConnectOptions): Promise<Connection> {
  const secrets = await credentials(target)
  const limiter = options.limiter ?? limiterOf(address(target))
  return limiter.run(() => persist(target, secrets, options))
}

/** sshd answers a rush of logins by dropping some of them at random (MaxStartups 10:30:100): those come again. */
async function persist(target: Target, secrets: Credentials, options: ConnectOptions): Promise<Connection> {
  const end = Date.now() + options.deadlineMs
  for (let pause = 100; ; pause *= 2) {
    const check = hostKeyCheck(target, (line) => options.say(line))
    try {
      return await handshake(target, { secrets, check, deadlineMs: end - Date.now() })
    } catch (error) {
      if (check.refusal) throw check.refusal
      const wait = pause * (0.5 + Math.random())
      if (!isDropped(error) || Date.now() + wait >= end)
        throw explain(error, { target, secrets, deadlineMs: options.deadlineMs })
      await sleep(wait)
    }
  }
}

interface Attempt {
  secrets: Credentials
  check: HostKeyCheck
  deadlineMs: number
}

async function handshake(target: Target, { secrets, check, deadlineMs }: Attempt): Promise<Connection> {
  const started = Date.now()
  const sock = await dial(target, deadlineMs)
  const ssh = new NodeSSH()
  const ready = ssh.connect({
    ...secrets.login,
    sock,
    username: target.user,
    algorithms: { serverHostKey: check.algorithms },
    hostVerifier: (key: Buffer) => check.verify(key),
    readyTimeout: Math.max(1, deadlineMs - (Date.now() - started)),
    keepaliveInterval: 15_000,
    keepaliveCountMax: 3,
  })
  // node-ssh takes its own listeners away when the login succeeds; an error event without any would end the process.
  const client = ssh.connection
  if (!client) {
    await ready
    throw new Error('node-ssh made no client')
  }
  const lost = watch(client, target.name)
  try {
    await ready
  } catch (error) {
    client.destroy()
    sock.destroy()
    throw error
  }
  return { target, client, lost, end: () => hangUp(client, sock) }
}

/** Nagle's algorithm and delayed acknowledgements would cost 40 ms in each direction. */
function dial({ host, port }: Target, deadlineMs: number): Promise<Socket> {
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

/** ssh2 may emit several errors for one fault; the first one tells the reason. */
function watch(client: Client, name: string): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    client.on('error', (error) => reject(new ConnectionLost(name, error.message)))
    client.on('close', () => reject(new ConnectionLost(name, 'closed')))
  })
  lost.catch(() => undefined)
  return lost
}

/** The goodbye of the other side is not waited for: a finished command can end at once, a babbling machine is cut off. */
function hangUp(client: Client, sock: Socket): void {
  if (sock.writableEnded) return
  client.end()
  sock.destroySoon()
}

const limiters = new Map<string, Limiter>()

function limiterOf(where: string): Limiter {
  const limiter = limiters.get(where) ?? new Limiter(8)
  limiters.set(where, limiter)
  return limiter
}
