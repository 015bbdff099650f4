import { homedir } from 'node:os'
import { join } from 'node:path'

type Env = Record<string, string | undefined>

/** What the operator's side remembers: one folder per model below `models`. */
export function stateFolder(env: Env = process.env): string {
  const base = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return env['KCHARM_STATE'] || join(base, 'kcharm')
}

/** Downloaded resources, by their SHA-256; may be deleted at any time. */
export function blobCache(env: Env = process.env): string {
  const base = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(env['KCHARM_CACHE'] || join(base, 'kcharm'), 'blobs')
}
