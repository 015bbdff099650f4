import { KcharmError } from '../errors/index.ts'
import type { Credentials } from './credentials.ts'
import { address, loginName, type Target } from './target.ts'

/** Whether the other side dropped the connection before the login, as a busy sshd does. */
export function isDropped(error: unknown): boolean {
  return code(error) === 'ECONNRESET' || /lost before handshake|No response from server/.test(text(error))
}

/** What a failed login means for people. */
export function explain(
  error: unknown,
  { target, secrets, deadlineMs }: { target: Target; secrets: Credentials; deadlineMs: number },
): KcharmError {
  const detail = { machine: target.name, cause: error }
  const level = property(error, 'level')
  if (level === 'client-authentication' || /authentication failures/i.test(text(error))) {
    return new KcharmError('auth', `${target.name}: ${loginName(target)} refused the login (tried ${secrets.tried})`, {
      ...detail,
      hint: `check that ${target.user} is the right user and that the key is in its authorized_keys`,
    })
  }
  if (level === 'agent') {
    return new KcharmError(
      'auth',
      `${target.name}: the ssh agent failed: ${text(error)} (tried ${secrets.tried})`,
      detail,
    )
  }
  const reason = level === 'client-timeout' || text(error) === 'no answer' ? late(deadlineMs) : plain(error)
  return new KcharmError('connection', `${target.name}: no SSH connection to ${address(target)}: ${reason}`, {
    ...detail,
    hint: 'check address and port in the inventory, that the machine is up, and that sshd runs there',
  })
}

function late(deadlineMs: number): string {
  return `no answer within ${deadlineMs / 1000} s`
}

const PLAIN: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'dropped by the other side before the login',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'no answer',
}

function plain(error: unknown): string {
  return PLAIN[code(error)] ?? text(error)
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function code(error: unknown): string {
  return property(error, 'code')
}

function property(error: unknown, name: 'code' | 'level'): string {
  if (typeof error !== 'object' || error === null || !(name in error)) return ''
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : ''
}
