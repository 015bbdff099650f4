import { KcharmError } from '../../lib/errors/index.ts'

/** What was refused: the code, the message and all faults, as one text; fails when nothing was. */
export function refusalOf(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    if (!(error instanceof KcharmError)) throw error
    return [`${error.code}: ${error.message}`, ...(error.detail.faults ?? [])].join('\n')
  }
  throw new Error('nothing was refused')
}

export function faultsOf(attempt: () => unknown): string[] {
  return refusalOf(attempt).split('\n').slice(1)
}
