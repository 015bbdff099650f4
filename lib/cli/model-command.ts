import * as Flags from '@oclif/core/flags'
import type { Fleet } from '../run/fleet.ts'
import { fold } from '../report/fold.ts'
import type { RolloutFlagged } from './rollout-flags.ts'
import { BaseCommand } from './base-command.ts'

export interface ChangeFlagged extends RolloutFlagged {
  yes: boolean
  'dry-run': boolean
}

/** How a verb talks to the terminal while it runs. */
export interface Terms {
  flags: ChangeFlagged
  print(text: string): void
  setExit(status: number): void
  /** See `How`. */
  settle?(fleet: Fleet): string[]
}

/** A command that works with one model. */
export abstract class ModelCommand extends BaseCommand {
  static override baseFlags = {
    ...BaseCommand.baseFlags,
    model: Flags.string({
      char: 'm',
      summary: 'the model to work with; without it the one switched to, or default',
      env: 'KCHARM_MODEL',
      helpValue: 'NAME',
      helpGroup: 'GLOBAL',
    }),
    timeout: Flags.integer({
      summary: 'seconds that it may take: by then what only looks is given up, and no further step begins',
      min: 1,
      env: 'KCHARM_TIMEOUT',
      helpValue: 'SECONDS',
      helpGroup: 'GLOBAL',
    }),
  }

  protected how(flags: ChangeFlagged): Terms {
    return { flags, print: (text) => this.print(fold(text, process.stdout)), setExit: (status) => this.setExit(status) }
  }
}
