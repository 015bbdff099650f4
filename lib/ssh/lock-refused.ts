import { KcharmError } from '../errors/index.ts'
import { LOCK_STATUS } from './node-shell.ts'
import type { Reply } from './reply.ts'

/** Why the lock of a machine could not be had. */
export function lockRefused(name: string, { status, stdout, stderr }: Reply): KcharmError {
  if (status === LOCK_STATUS.held) {
    return held(name, stdout.trim() || 'another kcharm that has only just begun')
  }
  if (status === LOCK_STATUS.noFlock) {
    return new KcharmError('unit-failed', `${name}: cannot take the lock: there is no command flock`, {
      machine: name,
      hint: 'install util-linux there',
    })
  }
  return new KcharmError('unit-failed', `${name}: cannot take the lock: ${stderr.trim()}`, { machine: name })
}

export function held(name: string, holder: string): KcharmError {
  return new KcharmError('locked', `${name} is in use by ${holder}`, {
    machine: name,
    hint: 'wait until it has finished; the lock ends with the process that holds it; kcharm lock status says more',
  })
}
