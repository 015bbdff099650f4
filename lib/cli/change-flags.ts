import * as Flags from '@oclif/core/flags'

/** Flags of every command that changes machines. */
export const changeFlags = {
  yes: Flags.boolean({ char: 'y', summary: 'carry the changes out without asking' }),
  'dry-run': Flags.boolean({ summary: 'show what would be done, and do nothing' }),
}
