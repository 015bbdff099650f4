import type { Blob } from '../host/kind.ts'
import type { Key, View } from '../host/view.ts'
import type { Ascent } from './upgrades.ts'
import type { LocalBag, RemoteBag } from '../model/endpoint.ts'

export interface Peer<Bag> {
  unit: string
  /** What the peer published when it last came to rest; absent until it has. */
  bag?: Bag
}

/** All that a stage or a wait can see. Nothing here can touch a machine. */
export interface Context<C, E> {
  unit: string
  config: C
  resources: Record<string, Blob | undefined>
  /** Addresses of all machines of the model, this one among them: one list that all units share. */
  addresses: readonly string[]
  view: View
  peers<K extends keyof E & string>(endpoint: K): Peer<RemoteBag<E[K]>>[]
  /** What this unit itself has published. */
  published<K extends keyof E & string>(endpoint: K): LocalBag<E[K]> | undefined
  /** Did this unit itself put the thing on the machine (and it is still there)? */
  holds(key: Key): boolean
  /**
   * What an option's reference (`env:NAME` and the like) stands for on the operator's side. It must go nowhere but into a file object with
   * `secret`. Throws `invalid-option` where it stands for nothing.
   */
  secret(reference: string): string
  /** The version that the unit had when it last came to rest. */
  version?: string
  /** Where an upgrade leads, while it is on its way. */
  ascent?: Ascent
}
