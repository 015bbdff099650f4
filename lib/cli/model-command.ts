import { Flags } from '@oclif/core'
import type { Fleet } from '../run/fleet.ts'
import { BaseCommand } from './base-command.ts'

export interface ChangeFlagged {
  yes: boolean
  'dry-run': boolean
}

/** How a verb talks to the terminal while it runs. */
export interface Terms {
  flags: ChangeFlagged
  print(text: string): void
  setExit(status: number): void
  /** See `How`. */
  settle?(fleet: Fleet): void
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
  }

  protected how(flags: ChangeFlagged): Terms {
    return { flags, print: (text) => this.print(text), setExit: (status) => this.setExit(status) }
  }
}
