import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { KcharmError, toKcharmError } from '../errors/index.ts'
import { errorJson, renderError } from '../report/error-text.ts'
import { paintFor, renderJson } from '../report/terminal-text.ts'

/** What every command has in common: `--json`, and the one place where errors become text and exit status. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    debug: Flags.boolean({ summary: 'show the stack of a fault of kcharm itself', helpGroup: 'GLOBAL' }),
  }

  /** Writes to standard output, unless `--json` keeps that for one document. */
  protected print(text: string): void {
    if (!this.jsonEnabled() && text !== '') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  override logJson(value: unknown): void {
    process.stdout.write(`${renderJson(value)}\n`)
  }

  /** The run went through; its result says that not all is well. */
  protected setExit(status: number): void {
    process.exitCode = status
  }

  protected override catch(thrown: Error & { oclif?: { exit?: number } }): Promise<unknown> {
    if (thrown.oclif?.exit === 0) throw thrown
    const error = thrown.oclif ? wrongUsage(thrown) : toKcharmError(thrown)
    process.exitCode = error.exit
    if (this.jsonEnabled()) this.logJson(errorJson(error))
    else process.stderr.write(renderError(error, paintFor(process.stderr)))
    const showStack = error.code === 'internal' || this.argv.includes('--debug')
    if (showStack) process.stderr.write(`${(error.cause instanceof Error ? error.cause : error).stack ?? ''}\n`)
    return Promise.resolve()
  }
}

/** The parser's own errors speak of flags and arguments. */
function wrongUsage(error: Error): KcharmError {
  const [message = error.message] = error.message.split('\nSee more help')
  return new KcharmError('usage', message.trim(), { hint: 'add --help to see what is expected', cause: error })
}
