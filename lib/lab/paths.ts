import { homedir } from 'node:os'
import { join } from 'node:path'

type Env = Record<string, string | undefined>

/** What a lab keeps when it ends (root file systems, packages, built programs), and nothing else. */
export function labCache(env: Env = process.env): string {
  const base = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(env['KCHARM_CACHE'] || join(base, 'kcharm'), 'lab')
}

/** The folder that every node sees, read-only, as /lab. */
export function sharedFolder(env: Env = process.env): string {
  return join(labCache(env), 'share')
}

/** One folder per lab that was started and not ended. */
export function labsFolder(env: Env = process.env): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'kcharm', 'labs')
}
