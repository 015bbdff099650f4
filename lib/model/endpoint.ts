import type { z } from 'zod'

/** A contract between two charms: what each side may write into its databag. Matching is by name and version. */
export interface Interface<P = unknown, R = unknown> {
  name: string
  version: number
  provider: z.ZodType<P>
  requirer: z.ZodType<R>
}

export type Role = 'provides' | 'requires'

export interface Endpoint<Ro extends Role = Role, I extends Interface = Interface> {
  role: Ro
  interface: I
  /** `container`: both units share a machine, and a subordinate gets a unit beside each principal unit. */
  scope: 'global' | 'container'
  /** At most so many relations; absent: no limit. */
  limit?: number
  /** The charm cannot do its work without this relation. */
  required?: boolean
}

export function defineInterface<P, R>(
  name: string,
  version: number,
  bags: { provider: z.ZodType<P>; requirer: z.ZodType<R> },
): Interface<P, R> {
  return { name, version, ...bags }
}

type Terms = Pick<Endpoint, 'limit' | 'required'> & { scope?: Endpoint['scope'] }

export function provides<I extends Interface>(iface: I, terms: Terms = {}): Endpoint<'provides', I> {
  return { role: 'provides', interface: iface, scope: 'global', ...terms }
}

export function requires<I extends Interface>(iface: I, terms: Terms = {}): Endpoint<'requires', I> {
  return { role: 'requires', interface: iface, scope: 'global', ...terms }
}

export type Endpoints = Record<string, Endpoint>

/** What a unit itself writes on this endpoint. */
export type LocalBag<E> =
  E extends Endpoint<'provides', Interface<infer P, unknown>>
    ? P
    : E extends Endpoint<'requires', Interface<unknown, infer R>>
      ? R
      : never

/** What the other side writes on this endpoint. */
export type RemoteBag<E> =
  E extends Endpoint<'provides', Interface<unknown, infer R>>
    ? R
    : E extends Endpoint<'requires', Interface<infer P, unknown>>
      ? P
      : never
