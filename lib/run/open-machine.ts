import type { Machine } from '../model/declaration.ts'
import type { Ask } from '../ssh/ask.ts'
import { Limiter } from '../ssh/limiter.ts'
import type { Wish } from '../ssh/resolve-target.ts'
import type { Secret } from '../ssh/target.ts'
import type { NodeSession } from './node-session.ts'
import { loginSecrets } from './login-secrets.ts'

export type { Ask } from '../ssh/ask.ts'

/** More handshakes at once with one sshd may be dropped (its MaxStartups is 10). */
const HANDSHAKES = 8
const LOGIN_MS = 20_000

interface Person {
  /** Hears what a person should know, such as a newly accepted host key. */
  say(line: string): void
  /** Absent where there is nobody to ask. */
  ask?: Ask
}

export interface MachineOpener {
  (machine: Machine): Promise<NodeSession>
  /** Asks for every password that these machines need; before the first connection. */
  prepare(machines: readonly Machine[]): Promise<void>
}

/** Opens sessions over SSH, as `ssh` would with the user's ssh_config. */
export function machineOpener({ say, ask }: Person): MachineOpener {
  const limiters = new Map<string, Limiter>()
  const secrets = loginSecrets(ask)
  const shared = lazily(async () => {
    const [{ openSession }, { Bastions }, { resolveTarget }] = await Promise.all([
      import('../ssh/session.ts'),
      import('../ssh/bastions.ts'),
      import('../ssh/resolve-target.ts'),
    ])
    return { openSession, resolveTarget, bastions: new Bastions() }
  })
  const open = async (machine: Machine): Promise<NodeSession> => {
    const { openSession, resolveTarget, bastions } = await shared()
    const target = await resolveTarget(wishOf(machine, secrets.of))
    const server = `${target.host}:${target.port}`
    const limiter = limiters.get(server) ?? new Limiter(HANDSHAKES)
    limiters.set(server, limiter)
    return await openSession(target, {
      sudo:
        machine.sudo === 'none'
          ? false
          : machine.sudoPassword
            ? { password: secrets.of(machine.sudoPassword) }
            : 'auto',
      deadlineMs: LOGIN_MS,
      say,
      ask,
      limiter,
      bastions,
    })
  }
  return Object.assign(open, { prepare: secrets.prepare })
}

function wishOf({ password, ...machine }: Machine, secret: (reference: string) => Secret): Wish {
  return { ...machine, ...(password === undefined ? {} : { password: secret(password) }) }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
