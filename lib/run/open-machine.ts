import type { Machine } from '../model/declaration.ts'
import type { Ask } from '../ssh/ask.ts'
import type { Sudo } from '../ssh/command-line.ts'
import type { Wish } from '../ssh/resolve-target.ts'
import type { Secret } from '../ssh/target.ts'
import type { NodeSession } from './node-session.ts'
import { DEADLINES } from './deadlines.ts'
import { loginSecrets } from './login-secrets.ts'
import { ENDLESS, type RunTime } from './run-time.ts'
import { waiting } from './waiting.ts'

export type { Ask } from '../ssh/ask.ts'

interface Person {
  /** Hears what a person should know, such as a newly accepted host key. */
  say(line: string): void
  /** Absent where there is nobody to ask. */
  ask?: Ask
  /** For one login. */
  seconds?: number
  time?: RunTime
}

export interface MachineOpener {
  (machine: Machine): Promise<NodeSession>
  /** Asks for every password that these machines need; before the first connection. */
  prepare(machines: readonly Machine[]): Promise<void>
}

/** Opens sessions over SSH, as `ssh` would with the user's ssh_config. */
export function machineOpener({ say, ask, seconds: own = DEADLINES.login, time = ENDLESS }: Person): MachineOpener {
  const quiet = quietWhileAsking(ask)
  const secrets = loginSecrets(quiet.ask, time)
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
    const sudo = sudoOf(machine, secrets.of)
    const seconds = time.within(own)
    const opening = openSession(target, { sudo, deadlineMs: seconds * 1000, say, ask: quiet.ask, bastions })
    const tell = (text: string): void => (quiet.asks() ? undefined : say(`${machine.name} ${text}`))
    return inTime(await waiting({ for: 'its login', seconds, say: tell }, opening), time)
  }
  return Object.assign(open, { prepare: secrets.prepare })
}

/** Until it has its machine's lock a session only looks, and that ends with the time of the command. */
function inTime(session: NodeSession, time: RunTime): NodeSession {
  let looks = true
  return {
    run(script, options) {
      const deadlineMs = looks ? time.within(options.deadlineMs / 1000) * 1000 : options.deadlineMs
      return session.run(script, { ...options, deadlineMs })
    },
    async lock(holder) {
      await session.lock(holder)
      looks = false
    },
    upload: (...given) => session.upload(...given),
    close: () => session.close(),
  }
}

/** While a person is asked, nothing else is said: it would stand in the middle of the answer. */
function quietWhileAsking(ask: Ask | undefined): { ask: Ask | undefined; asks(): boolean } {
  let asked = 0
  const counted: Ask = async (...question) => {
    asked++
    try {
      return (await ask?.(...question)) ?? ''
    } finally {
      asked--
    }
  }
  return { ask: ask && counted, asks: () => asked > 0 }
}

function wishOf({ password, ...machine }: Machine, secret: (reference: string) => Secret): Wish {
  return { ...machine, ...(password === undefined ? {} : { password: secret(password) }) }
}

function sudoOf({ sudo, sudoPassword }: Machine, secret: (reference: string) => Secret): Sudo {
  if (sudo === 'none') return false
  return sudoPassword === undefined ? 'auto' : { password: secret(sudoPassword) }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
