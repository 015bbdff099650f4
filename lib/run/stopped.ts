import { KcharmError } from '../errors/index.ts'

/** No further step is wanted; the machine is left where it is. `reason`: of the signal that said so. */
export class Stopped extends KcharmError {
  constructor(machine: string, reason: unknown) {
    const why = reason instanceof KcharmError ? reason.message : 'stopped by the user'
    super('interrupted', `${why} before its next step`, {
      machine,
      hint: 'run the same command again: it goes on from what the machine has recorded',
    })
  }
}
