/** A resource as declared: where its bytes come from and which bytes they must be. */
export interface ResourceRef {
  /** A file on the operator's machine (absolute), or an https/http URL. */
  from: string
  /** SHA-256 of the bytes, 64 hex digits. Never invented: from the bundle or the lockfile. */
  sha256?: string
  /** Who downloads a URL; default `auto`: each machine if it can, else the operator. */
  fetch?: 'auto' | 'node' | 'operator'
}

export interface Application {
  name: string
  /** See `charmKey`. */
  charm: string
  /** The folder that the charm was taken from, absolute; absent: it comes with kcharm. */
  path?: string
  /** Options that the last deployed bundle named, as given (before defaults). */
  bundleOptions: Record<string, unknown>
  /** Options set by `config` (or `--config`), which outlast a bundle that never named them. */
  setOptions: Record<string, unknown>
  resources: Record<string, ResourceRef>
  /** The version that `rollback` goes back to, which its options may leave open; until they are given anew. */
  back?: string
  /** Machine names; empty for a subordinate. */
  machines: string[]
  life: 'present' | 'absent'
}

export interface RelationEnd {
  app: string
  endpoint: string
}

export interface Relation {
  provider: RelationEnd
  requirer: RelationEnd
  life: 'present' | 'absent'
}

/** A machine as the inventory gives it. */
export interface Machine {
  name: string
  /** Where SSH connects to: a host name, an IP address, or a name that ssh_config knows. */
  address: string
  /** The address that the machine itself uses; equal to `address` unless said otherwise. */
  ownAddress: string
  /** What is absent of the login is as `ssh` would do it. */
  port?: number
  user?: string
  /** Private key file. */
  key?: string
  /** `[USER@]HOST[:PORT],…` or `none`. */
  jump?: string
  /** Where the password for the login comes from: `env:`, `file:`, `command:` or `ask:QUESTION`. */
  password?: string
  /** Absent: sudo without a password, for everybody but root. */
  sudo?: Sudo
  /** Where sudo's password comes from, as for `password`. */
  sudoPassword?: string
  /** known_hosts file. */
  knownHosts?: string
  /** Another ssh_config; `none` for none. */
  sshConfig?: string
  tags: string[]
  /** What placements may ask for beside tags. */
  variables?: Record<string, MachineVariable>
}

export type MachineVariable = string | number | boolean

export type Sudo = 'none' | 'nopasswd' | 'password'

/** Everything that is declared: what bundles and verbs add up to. No observations. */
export interface Model {
  name: string
  /** Given once; written on every machine that the model changes, so that two models cannot share one. */
  id: string
  applications: Record<string, Application>
  relations: Relation[]
  machines: Record<string, Machine>
}

export function emptyModel(name: string, id: string): Model {
  return { name, id, applications: {}, relations: [], machines: {} }
}
