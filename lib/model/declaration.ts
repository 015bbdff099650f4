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
  charm: string
  /** Options that the last deployed bundle named, as given (before defaults). */
  bundleOptions: Record<string, unknown>
  /** Options set by `config` (or `--config`), which outlast a bundle that never named them. */
  setOptions: Record<string, unknown>
  resources: Record<string, ResourceRef>
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
  /** Where SSH connects to. */
  address: string
  /** The address that the machine itself uses; equal to `address` unless said otherwise. */
  ownAddress: string
  port: number
  user: string
  /** Private key file; absent: the agent. */
  key?: string
  /** known_hosts file. */
  knownHosts: string
  tags: string[]
}

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
