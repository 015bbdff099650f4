/** One machine as the inventory knows it: where it is and how to log in. */
export interface Target {
  /** The machine's name in messages. */
  name: string
  host: string
  port: number
  user: string
  /** Path of a private key file. */
  key?: string
  /** Path of an agent's socket. */
  agent?: string
  /** Path of the known_hosts file; made when the first key is accepted. */
  knownHosts: string
}

/** `user@host:port`, for messages. */
export function loginName(target: Target): string {
  return `${target.user}@${address(target)}`
}

/** `host:port`, for messages. */
export function address(target: Target): string {
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
}
