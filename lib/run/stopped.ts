import { KcharmError } from '../errors/index.ts'

/** No further step is wanted; the machine is left where it is. `reason`: of the signal that said so. */
export function stopped(machine: string, reason: unknown): KcharmError {
  const why = reason instanceof KcharmError ? reason.message : 'stopped by the user'
  return new KcharmError('interrupted', `${why} before its next step`, {
    machine,
    hint: 'run the same command again: it goes on from what the machine has recorded',
  })
}
