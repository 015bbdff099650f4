import { z } from 'zod'
import { applicationName, machineName, tagName, VARIABLE } from './names.ts'

const digest = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hex digits')
  .meta({ title: '64 hex digits' })
  .transform((hex) => hex.toLowerCase())
  .describe('SHA-256 of the bytes. Without it the lockfile beside the bundle must know the digest.')

/** A resource that is fetched rather than read from the operator's disk. */
export const WEB = /^https?:\/\//i

const path = z.string().regex(/^[^\p{Cc}]{1,4096}$/u, 'expected a path')

const url = z
  .string()
  .refine((text) => WEB.test(text) && URL.canParse(text), 'expected a URL that begins with https:// or http://')

const resource = z
  .union([
    path,
    z
      .strictObject({
        path: path.optional().describe('A file on the machine that deploys, relative to the bundle.'),
        url: url.optional().describe('Where to fetch it, https or http.'),
        sha256: digest.optional(),
        fetch: z
          .enum(['auto', 'node', 'operator'])
          .optional()
          .describe(
            'Who downloads a URL: each machine (node), the operator, who then uploads it, or auto: the machine if it can.',
          ),
      })
      .refine(({ path, url }) => (path === undefined) !== (url === undefined), 'expected either path or url')
      .refine(({ fetch, url }) => fetch !== 'node' || url !== undefined, 'fetch: node expects a url'),
  ])
  .meta({ title: 'path | URL | map of path or url, and sha256' })
  .describe('The file that a charm installs from: a path relative to the bundle, or a URL.')

/** Not `tag=` with what is no tag, which would look like a variable. */
const TARGET =
  /^(tag=[A-Za-z0-9][A-Za-z0-9._-]{0,62}|(?!tag=)[A-Za-z][A-Za-z0-9_-]{0,62}=[^\p{Cc}]{1,255}|[A-Za-z0-9][A-Za-z0-9.-]{0,62})$/u

const target = z
  .union([
    z.string().regex(TARGET, { message: 'expected all, tag=NAME, VARIABLE=VALUE or the name of a machine' }),
    z.int().nonnegative().transform(String),
  ])
  .meta({ title: 'all | tag=NAME | VARIABLE=VALUE | machine' })

const application = {
  charm: z
    .string()
    .describe('The charm that it runs: its name, or the folder of one of your own, `./…`, relative to the bundle.'),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Options of the charm; the others have what `kcharm config` set, or the charm’s defaults.'),
  resources: z
    .record(z.string(), resource)
    .meta({ title: 'map of files' })
    .optional()
    .describe('Files that the charm installs from, by the charm’s name for them.'),
  to: z
    .union([target, z.array(target).min(1)])
    .meta({ title: 'all | tag=NAME | VARIABLE=VALUE | machine | list of these' })
    .optional()
    .describe(
      'The machines: all, tag=NAME, VARIABLE=VALUE as the inventory says, a name, or a list of these. Without it and num_units: all machines.',
    ),
  num_units: z.int().min(0).max(10_000).optional().describe('On how many of these machines, from the first.'),
}

const machine = z
  .strictObject({
    tags: z
      .array(tagName)
      .optional()
      .describe('Tags that `to` can name. A machine that no inventory has by this name is found by all of them.'),
  })
  .nullable()

const end = z
  .string()
  .regex(/^(?=.{1,127}$)[a-z0-9-]+(:[A-Za-z0-9_-]+)?$/, 'expected application or application:endpoint')

const relation = z
  .tuple([end, end], 'expected two ends')
  .meta({ title: 'two ends' })
  .describe('Two ends, each application or application:endpoint.')

const variableName = z.string().regex(VARIABLE, 'expected letters, digits, hyphens and underscores, a letter first')

const variable = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
  .meta({ title: 'text, number, true | false, list or map' })

const share = z
  .union([
    z.int().positive().transform(String),
    z
      .string()
      .regex(/^(?!0+(\.0+)?%?$)(\d+|(\d{1,2}(\.\d+)?|100)%)$/, 'expected a count such as 2, or a share such as 25%'),
  ])
  .meta({ title: 'count | share, such as 25%' })

const time = z
  .string()
  .regex(/^\d{1,6}[smh]$/, 'expected a time such as 30s, 5m or 1h')
  .meta({ title: 'time, such as 60s' })

export const rollout = z
  .strictObject({
    canary: z.int().min(0).max(10_000).exactOptional().describe('So many machines first, alone; default 1.'),
    'max-unavailable': share.exactOptional().describe('So many machines at a time; default 25%.'),
    soak: time.exactOptional().describe('Each wave is watched for so long before the next; default 0s.'),
  })
  .describe('How another version goes over the machines; what a command line says wins.')

/** What a bundle may hold. Every field has its sentence here: the reference page is made from it. */
export const bundleSchema = z.strictObject({
  description: z.string().optional().describe('Free text.'),
  vars: z
    .record(variableName, variable)
    .meta({ title: 'map of values' })
    .optional()
    .describe('Values with a name, which applications use as `${NAME}`.'),
  applications: z
    .record(
      applicationName,
      z.strictObject(application).describe('One application: a charm with its options, on its machines.'),
    )
    .refine((applications) => Object.keys(applications).length > 0, 'expected at least one application')
    .describe('What is deployed, by the name that units carry.'),
  relations: z
    .array(relation)
    .meta({ title: 'list of pairs of ends' })
    .optional()
    .describe('Which applications work together.'),
  machines: z
    .record(
      machineName,
      machine.describe('One machine, or nothing. It is bound to the inventory by name, `--machine` or tag.'),
    )
    .optional()
    .describe('The machines that the bundle speaks of. Without it the inventory’s are used as they are.'),
  rollout: rollout.optional(),
})

/**
 * The same, with every part that is wrong left out: what the cross-references can still be checked on, so that one
 * run shows the faults of both kinds. Complete when `bundleSchema` takes the value.
 */
export const draftSchema = z
  .object({
    description: soft(z.string()),
    applications: z
      .record(
        z.string(),
        z
          .object({
            charm: soft(application.charm),
            options: soft(application.options),
            resources: soft(z.record(z.string(), soft(resource))),
            to: soft(z.union([target, z.array(soft(target))])),
            num_units: soft(application.num_units),
          })
          .catch({}),
      )
      .catch({}),
    relations: z.array(soft(relation)).catch([]),
    machines: soft(z.record(z.string(), machine.catch(null))),
    rollout: soft(rollout),
  })
  .catch({ applications: {}, relations: [] })

export type BundleRollout = z.infer<typeof rollout>
export type Draft = z.infer<typeof draftSchema>
export type DraftApplication = Draft['applications'][string]
export type DraftResource = z.infer<typeof resource>

function soft<S extends z.ZodType>(schema: S) {
  return schema.optional().catch(undefined)
}
