import { setTimeout as sleep } from 'node:timers/promises'
import { Socket } from 'node:net'
import { NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import type { Ask } from './ask.ts'
import { Bastions } from './bastions.ts'
import type { Connection } from './connection.ts'
import { ConnectionLost } from './connection-lost.ts'
import { credentials, type Credentials } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { explain, isDropped } from './failure.ts'
import { hostKeyCheck, type HostKeyCheck } from './host-key.ts'
import { Limiter } from './limiter.ts'
import { dial, forward, pipeThrough, type Wire } from './route.ts'
import { address, type Target } from './target.ts'

export interface ConnectOptions {
  /** Time for one whole login, from the first packet; a person who is asked may take longer. */
  deadlineMs: number
  /** Receives lines for people, such as a newly accepted host key. */
  say(line: string): void
  /** Asks for what only a person knows. Without it such logins are refused. */
  ask?: Ask | undefined
  /** Handshakes at once. Default: eight for each address, as sshd drops more than ten (MaxStartups). */
  limiter?: Limiter
  /** Connections to share with others that go the same way. */
  bastions?: Bastions
}

/**
 * Logs in. Errors: `connection` (not reachable, no answer in time), `host-key` (changed, revoked),
 * `auth` (login refused, unusable key).
 */
export async function connect(target: Target, options: ConnectOptions): Promise<Connection> {
  const clock = new Deadline(options.deadlineMs)
  const ask = options.ask && clock.pausedFor(options.ask)
  const secrets = await credentials(target, ask)
  const limiter = options.limiter ?? limiterOf(address(target))
  const login: Login = { ...options, ask, secrets, clock, open: openWire }
  if (target.via === undefined || !('jump' in target.via)) return limiter.run(() => persist(target, login))
  const { jump } = target.via
  const openJump = (): Promise<Connection> => connect(jump, { ...options, limiter: limiterOf(address(jump)) })
  const bastion = await (options.bastions ?? new Bastions()).enter(jump, openJump)
  try {
    const open = (to: Target, deadlineMs: number): Promise<Wire> => forward(bastion.connection, to, deadlineMs)
    const connection = await limiter.run(() => persist(target, { ...login, open }))
    void connection.lost.catch(bastion.leave)
    const end = (): void => {
      connection.end()
      bastion.leave()
    }
    return { ...connection, end }
  } catch (error) {
    bastion.leave()
    throw error
  }
}

interface Login extends ConnectOptions {
  secrets: Credentials
  clock: Deadline
  open(target: Target, deadlineMs: number): Promise<Wire>
}

/** sshd answers a rush of logins by dropping some of them at random (MaxStartups 10:30:100): those come again. */
async function persist(target: Target, login: Login): Promise<Connection> {
  const { clock, secrets, deadlineMs } = login
  clock.run()
  for (let pause = 100; ; pause *= 2) {
    const check = hostKeyCheck(target, login)
    try {
      return await handshake(target, login, check)
    } catch (error) {
      const refusal = check.refusal ?? secrets.failure
      if (refusal) throw refusal
      const wait = pause * (0.5 + Math.random())
      if (!isDropped(error) || clock.left <= wait) throw explain(error, { target, secrets, deadlineMs })
      await sleep(wait)
    } finally {
      clock.unwatch()
    }
  }
}

async function handshake(target: Target, { secrets, clock, open }: Login, check: HostKeyCheck): Promise<Connection> {
  const wire = await open(target, Math.max(1, Math.min(clock.left, target.connectTimeoutMs ?? Infinity)))
  clock.watch(() => wire.destroy(new Error('no answer')))
  const ssh = new NodeSSH()
  const order = secrets.begin()
  const ready = ssh.connect({
    sock: wire,
    username: target.user,
    authHandler: (left, _partial, next) => void order(left).then(next as (method: unknown) => void),
    algorithms: { serverHostKey: check.algorithms },
    hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => void check.verify(key).then(verify),
    readyTimeout: 0,
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
    wire.destroy()
    throw error
  }
  return { target, client, lost, end: () => hangUp(client, wire) }
}

function openWire(target: Target, deadlineMs: number): Promise<Wire> {
  return target.via !== undefined && 'command' in target.via
    ? Promise.resolve(pipeThrough(target.via.command))
    : dial(target, deadlineMs)
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
function hangUp(client: Client, wire: Wire): void {
  if (wire.writableEnded) return
  client.end()
  if (wire instanceof Socket) wire.destroySoon()
  else wire.destroy()
}

const limiters = new Map<string, Limiter>()

function limiterOf(where: string): Limiter {
  const limiter = limiters.get(where) ?? new Limiter(8)
  limiters.set(where, limiter)
  return limiter
}
