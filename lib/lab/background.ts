import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { environment } from './process.ts'

export interface BackgroundOptions {
  /** Files of cgroups that the process enters before it runs the program. */
  cgroups: readonly string[]
  /** Everything it prints. */
  log: string
  env?: Record<string, string>
  /** With a channel on which it takes messages. */
  ipc?: boolean
}

const ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; shift; exec "$@"'

/** Starts a program in a session of its own that outlives us. */
export function startInBackground(argv: readonly string[], options: BackgroundOptions): ChildProcess {
  const log = openSync(options.log, 'a')
  const args = ['-c', ENTER, 'kcharm-lab', ...options.cgroups, '--', ...argv]
  const stdio = options.ipc ? (['ignore', log, log, 'ipc'] as const) : (['ignore', log, log] as const)
  const child = spawn('/bin/sh', args, { detached: true, cwd: '/', stdio: [...stdio], env: environment(options.env) })
  closeSync(log)
  child.unref()
  return child
}
