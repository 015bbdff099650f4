import { KcharmError } from '../../errors/index.ts'

/** What ssh_config says of one connection; paths and tokens are filled in. */
export interface SshOptions {
  hostName: string
  port: number
  user: string
  /** Absent: the usual ones. Empty: none. */
  identityFiles: string[] | undefined
  certificateFiles: string[]
  identitiesOnly: boolean
  /** The socket of the agent; `none` for no agent; absent: that of SSH_AUTH_SOCK. */
  identityAgent: string | undefined
  hostKeyAlias: string | undefined
  /** Absent: the usual ones. */
  userKnownHosts: string[] | undefined
  globalKnownHosts: string[] | undefined
  hashKnownHosts: boolean
  strictHostKeyChecking: StrictHostKeyChecking | undefined
  /** Seconds. */
  connectTimeout: number | undefined
  /** `[USER@]HOST[:PORT],…`, the nearest first. */
  proxyJump: string | undefined
  proxyCommand: string | undefined
}

export type StrictHostKeyChecking = 'yes' | 'no' | 'ask' | 'accept-new'

/** Keywords with one value, of which the first one counts. */
export const SINGLE = new Set([
  'canonicaldomains',
  'canonicalizehostname',
  'canonicalizemaxdots',
  'connecttimeout',
  'globalknownhostsfile',
  'hashknownhosts',
  'hostkeyalias',
  'hostname',
  'identitiesonly',
  'identityagent',
  'port',
  'stricthostkeychecking',
  'user',
  'userknownhostsfile',
])

/** Keywords whose values add up. */
export const REPEATED = new Set(['identityfile', 'certificatefile'])

/** Keywords whose value is the rest of the line. */
export const WHOLE_LINE = new Set(['proxycommand', 'proxyjump'])

export function asFlag(word: string | undefined, keyword: string): boolean {
  if (word === undefined || /^(no|false)$/i.test(word)) return false
  if (/^(yes|true)$/i.test(word)) return true
  throw wrong(keyword, word, 'yes or no')
}

export function asPort(word: string): number {
  const port = /^\d{1,5}$/.test(word) ? Number(word) : 0
  if (port >= 1 && port <= 65_535) return port
  throw wrong('Port', word, 'a number up to 65535')
}

export function asStrict(word: string): StrictHostKeyChecking {
  const value = { true: 'yes', false: 'no', off: 'no' }[word.toLowerCase()] ?? word.toLowerCase()
  const known = (['yes', 'no', 'ask', 'accept-new'] as const).find((each) => each === value)
  if (known) return known
  throw wrong('StrictHostKeyChecking', word, 'yes, no, ask or accept-new')
}

/** Seconds of a time such as `90`, `1m30s` or `2h` (sshd_config(5), TIME FORMATS); undefined for `none`. */
export function asSeconds(word: string): number | undefined {
  if (word.toLowerCase() === 'none') return undefined
  if (!/^(\d+[smhdw]?)+$/i.test(word)) throw wrong('ConnectTimeout', word, 'a time such as 30 or 1m30s')
  const parts = [...word.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)]
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 1), 0)
}

const SECONDS: Record<string, number> = { m: 60, h: 3600, d: 86_400, w: 604_800 }

function wrong(keyword: string, word: string, expected: string): KcharmError {
  return new KcharmError('usage', `ssh_config: ${keyword} ${JSON.stringify(word)}: expected ${expected}`)
}
