import type { z } from 'zod'
import type { Endpoints } from './endpoint.ts'

/** A named blob that a charm installs from, such as the Kata archive. */
export interface ResourceMeta {
  description: string
  /** File name endings that are understood, without the dot. */
  formats: string[]
}

/** Something that a person can ask of a unit. */
export interface ActionMeta {
  description: string
  /** A zod object; each parameter has a sentence. */
  params: z.ZodObject
  /** It makes something on the machine, and takes it away again before it ends: it runs under the machine's lock. */
  makes?: true
}

/** What can be known about a charm without running it: enough to check a bundle and to document the charm. */
export interface CharmMeta {
  name: string
  /** Of a charm that lies in a folder of its own: the digest of its files. One that comes with kcharm has none. */
  revision?: string
  summary: string
  /** A subordinate has no machines of its own: it gets a unit beside each unit it is related to. */
  subordinate: boolean
  /** A zod object; each option has a default and a sentence (`.describe`). */
  config: z.ZodObject
  endpoints: Endpoints
  resources: Record<string, ResourceMeta>
  actions?: Record<string, ActionMeta>
}
