import type { Application } from './declaration.ts'

/** An application whose options are given anew: the version that it was to go back to is not meant any more. */
export function givenAnew<A extends Pick<Application, 'back'>>(application: A): Omit<A, 'back'> {
  const rest = { ...application }
  delete rest.back
  return rest
}
