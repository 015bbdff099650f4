/**
 * The closed table of failures. `exit` is the process's exit status, `retry` says whether the same command
 * may succeed later without anybody changing anything.
 */
export const CODES = {
  internal: { exit: 1, retry: false, says: 'a fault of kcharm itself' },
  usage: { exit: 2, retry: false, says: 'the command line is wrong' },
  'invalid-bundle': { exit: 3, retry: false, says: 'the bundle cannot be used as it is written' },
  'invalid-charm': { exit: 3, retry: false, says: 'a charm’s folder cannot be used as it is written' },
  'invalid-inventory': { exit: 3, retry: false, says: 'the inventory cannot be used as it is written' },
  'invalid-option': { exit: 3, retry: false, says: 'an option or resource has a value that its charm refuses' },
  relation: { exit: 3, retry: false, says: 'a relation is ambiguous, mismatched or duplicate' },
  'not-found': { exit: 4, retry: false, says: 'a named thing does not exist' },
  'no-model': { exit: 4, retry: false, says: 'the operator’s record of the model is missing' },
  changes: { exit: 5, retry: false, says: 'the machines are not as declared (diff)' },
  'plan-stale': { exit: 6, retry: false, says: 'a machine has changed since the plan was made' },
  'unit-failed': { exit: 7, retry: true, says: 'at least one unit failed; the others finished' },
  'unit-blocked': { exit: 8, retry: false, says: 'at least one unit waits for a person' },
  connection: { exit: 9, retry: true, says: 'a machine could not be reached' },
  'host-key': { exit: 10, retry: false, says: 'a machine showed a host key that differs from the known one' },
  auth: { exit: 11, retry: false, says: 'login or sudo was refused' },
  locked: { exit: 12, retry: true, says: 'somebody else works on that machine or model' },
  'rollout-stopped': {
    exit: 16,
    retry: false,
    says: 'a wave did not end well; the machines after it were left as they were',
  },
  'foreign-model': { exit: 13, retry: false, says: 'the machine belongs to another model' },
  declined: { exit: 14, retry: false, says: 'the change was shown and not confirmed' },
  lab: { exit: 15, retry: true, says: 'throwaway nodes could not be made or removed' },
  'unsafe-input': { exit: 3, retry: false, says: 'a file or archive holds something that is refused' },
  interrupted: { exit: 130, retry: true, says: 'stopped by the user, or out of time; the next run goes on' },
} as const satisfies Record<string, { exit: number; retry: boolean; says: string }>

export type Code = keyof typeof CODES
