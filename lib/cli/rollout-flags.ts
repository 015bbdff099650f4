import * as Flags from '@oclif/core/flags'
import type { RolloutWords } from '../run/waves.ts'

/** Flags of commands that may bring another version. */
export const rolloutFlags = {
  canary: Flags.integer({ summary: 'upgrade so many machines first, alone; default 1', min: 0, helpValue: 'N' }),
  'max-unavailable': Flags.string({
    summary: 'upgrade so many machines at a time; default 25%',
    helpValue: 'N|P%',
  }),
  soak: Flags.string({ summary: 'watch each wave so long before the next; default 0s', helpValue: 'TIME' }),
  'no-rollback': Flags.boolean({ summary: 'leave a failed upgrade as it is, for inspection' }),
  accept: Flags.boolean({ summary: 'agree to what the plan says cannot be taken back' }),
}

export interface RolloutFlagged extends RolloutWords {
  'no-rollback'?: boolean | undefined
  accept?: boolean | undefined
}
