import { KcharmError } from '../errors/index.ts'
import { loginName, type Target } from './target.ts'

/** A login whose shell ended before the session answered: sudo said no, or the account gives no shell. */
export function notStarted(target: Target, { status, noise }: { status: number; noise: string }): KcharmError {
  const said = noise.trim().split('\n').slice(-5).join('\n')
  const detail = { machine: target.name }
  if (/^sudo: |\bsudo: .*not found/m.test(said)) {
    return new KcharmError(
      'auth',
      `${target.name}: sudo without a password is needed for ${target.user} and was refused:\n${said}`,
      {
        ...detail,
        hint: `allow it there with a line "${target.user} ALL=(ALL) NOPASSWD: ALL" in /etc/sudoers.d/kcharm, or log in as root`,
      },
    )
  }
  const words = said === '' ? 'it said nothing' : `it said:\n${said}`
  return new KcharmError(
    'connection',
    `${target.name}: the shell of ${loginName(target)} ended with status ${status}; ${words}`,
    detail,
  )
}
