import type { StrictHostKeyChecking } from './config/options.ts'

/** One login with everything it needs: where to, who, with which keys, and by which way. */
export interface Target {
  /** The machine's name in messages. */
  name: string
  host: string
  port: number
  user: string
  /** Path of the private key file that was asked for; it must be of use. */
  key?: string
  /** Paths of further private keys to try; those that are not there or cannot be used are passed over, as ssh does. */
  keys?: string[]
  /** Path of an agent's socket. */
  agent?: string
  /** Of the agent's keys, only those whose files are named. */
  onlyKeys?: boolean
  /** Tried where the server asks for a password. */
  password?: Secret
  /** Path of the known_hosts file that is written to; made when the first key is accepted. */
  knownHosts: string
  /** Paths of further known_hosts files, which are only read. */
  moreKnownHosts?: string[]
  /** The name that known_hosts has for it (HostKeyAlias). Default: `host`, with its port. */
  hostKeyAs?: string
  /** What becomes of an unknown host key. Default `accept-new`. A changed key is always refused. */
  hostKeys?: StrictHostKeyChecking
  /** Whether a new host is written as a hash. */
  hashKnownHosts?: boolean
  /** How long the network may take. Default: as long as the login. */
  connectTimeoutMs?: number
  /** Default: straight to host and port. */
  via?: { jump: Target } | { command: string }
}

/** Gives what must not be written anywhere; read when it is needed, and once. */
export type Secret = () => Promise<string>

/** `user@host:port`, for messages. */
export function loginName(target: Target): string {
  return `${target.user}@${address(target)}`
}

/** `host:port`, for messages. */
export function address(target: Target): string {
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
}
