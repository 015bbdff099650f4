import { z } from 'zod'
import type { CharmMeta } from '../../lib/model/charm-meta.ts'
import { defineInterface, provides, requires } from '../../lib/model/endpoint.ts'

const bag = { provider: z.strictObject({}), requirer: z.strictObject({}) }
const handlers = defineInterface('runtime-handlers', 1, bag)
const handlersOfTomorrow = defineInterface('runtime-handlers', 2, bag)
const cache = defineInterface('image-cache', 1, bag)

const containerd: CharmMeta = {
  name: 'containerd',
  summary: 'A container runtime.',
  subordinate: false,
  config: z
    .object({
      source: z.enum(['auto', 'package', 'archive']).default('auto').describe('Where containerd comes from.'),
      version: z.string().default('').describe('The version to install.'),
      oom_score: z
        .union([z.literal('auto'), z.boolean()])
        .default('auto')
        .describe('Whether restrict_oom_score_adj is set.'),
      max_downloads: z.int().min(1).max(64).default(3).describe('Layers fetched at once.'),
      mirrors: z.array(z.string()).default([]).describe('Registry mirrors, the first first.'),
      grace: z
        .string()
        .regex(/^\d+[sm]$/, 'expected a duration such as 30s')
        .default('30s')
        .describe('How long a stop may take.'),
      limits: z
        .strictObject({ memory: z.string().optional().describe('Of the daemon.') })
        .default({})
        .describe('Bounds.'),
      ratio: z.number().positive().default(0.5).describe('Of something.'),
      password: z.string().default('').describe('Of the registry.'),
    })
    .superRefine(({ source, version }, { addIssue }) => {
      if (source !== 'archive' || version !== '') return
      addIssue({ code: 'custom', path: ['version'], message: 'source: archive needs a version' })
    }),
  endpoints: { handlers: provides(handlers), cache: requires(cache, { limit: 1 }) },
  resources: { archive: { description: 'The official archive.', formats: ['tar.gz'] } },
}

const kata: CharmMeta = {
  name: 'kata',
  summary: 'Virtual machines for pods.',
  subordinate: true,
  config: z.object({
    preflight: z.enum(['block', 'warn']).default('block').describe('What a machine without KVM means.'),
    handlers: z.array(z.string()).default(['kata']).describe('The handlers.'),
  }),
  endpoints: { runtime: requires(handlers, { scope: 'container', required: true }) },
  resources: { 'kata-static': { description: 'The archive.', formats: ['tar.xz', 'tar.zst'] } },
}

const crio: CharmMeta = {
  ...containerd,
  name: 'crio',
  config: z.object({}),
  endpoints: { handlers: provides(handlersOfTomorrow) },
  resources: {},
}

const registry: CharmMeta = {
  ...containerd,
  name: 'registry',
  config: z.object({}),
  endpoints: { cache: provides(cache), mirror: provides(cache) },
  resources: {},
}

/** A principal whose endpoint has container scope, so that it fits no other principal. */
const contained: CharmMeta = {
  ...kata,
  name: 'contained',
  subordinate: false,
}

/** Two charms like the real ones, one of another interface version, and one that fits twice. */
export const charms: Record<string, CharmMeta> = { containerd, kata, crio, registry, contained }
