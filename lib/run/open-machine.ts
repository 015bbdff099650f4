import type { Machine } from '../model/declaration.ts'
import { Limiter } from '../ssh/limiter.ts'
import type { Target } from '../ssh/target.ts'
import type { NodeSession } from './node-session.ts'

/** More handshakes at once with one sshd may be dropped (its MaxStartups is 10). */
const HANDSHAKES = 8
const LOGIN_MS = 20_000

/** Opens sessions over SSH. `say` hears what a person should know, such as a newly accepted host key. */
export function machineOpener(say: (line: string) => void): (machine: Machine) => Promise<NodeSession> {
  const limiters = new Map<string, Limiter>()
  return async (machine) => {
    const server = `${machine.address}:${machine.port}`
    const limiter = limiters.get(server) ?? new Limiter(HANDSHAKES)
    limiters.set(server, limiter)
    const { openSession } = await import('../ssh/session.ts')
    return await openSession(targetOf(machine), { sudo: 'auto', deadlineMs: LOGIN_MS, say, limiter })
  }
}

export function targetOf({ name, address, port, user, key, knownHosts }: Machine): Target {
  const agent = process.env['SSH_AUTH_SOCK']
  const login = key === undefined ? (agent ? { agent } : {}) : { key }
  return { name, host: address, port, user, knownHosts, ...login }
}
