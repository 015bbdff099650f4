import { z } from 'zod'

const URL = /^https?:\/\/[^\s@"\\?#]+$/
/** A secret never stands in a bundle: where it is to be read on the operator's side. */
const reference = z.string().regex(/^(env:\w+|file:.+)$/, 'expected env:NAME or file:PATH')

const mirror = z.strictObject({
  url: z
    .string()
    .regex(URL, 'expected http:// or https://, without a login')
    .describe('Where it is asked; the registry’s own URL for settings of the registry itself.'),
  capabilities: z
    .array(z.enum(['pull', 'resolve', 'push']))
    .default(['pull', 'resolve'])
    .describe('What it may be asked for.'),
  ca: z
    .string()
    .optional()
    .describe('The certificates that it is checked against: PEM text, or `env:NAME` or `file:PATH` on your side.'),
  client: z
    .strictObject({
      cert: reference.describe('The certificate as PEM: `env:NAME` or `file:PATH` on your side.'),
      key: reference.describe('Its private key as PEM, without a password: `env:NAME` or `file:PATH` on your side.'),
    })
    .optional()
    .describe('What the machine shows of itself where the host asks for that.'),
  skip_verify: z.boolean().optional().describe('Do not check its certificate.'),
  override_path: z.boolean().optional().describe('The URL has the API’s path already.'),
  username: z
    .string()
    .regex(/^[^:\s]+$/, 'expected no colon or blank')
    .optional()
    .describe('With `password`.'),
  password: reference.optional().describe('`env:NAME` or `file:PATH` on your side.'),
  token: reference.optional().describe('A bearer token: `env:NAME` or `file:PATH` on your side.'),
})

export const registry = z.strictObject({
  host: z
    .string()
    .regex(/^(_default|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?)$/, 'expected HOST, HOST:PORT or _default')
    .describe('The registry as images name it, such as docker.io; `_default` is every other one.'),
  server: z
    .string()
    .regex(URL, 'expected http:// or https://, without a login')
    .optional()
    .describe(
      'Where is asked last; default: the registry itself. Name a mirror here, and the registry is never asked.',
    ),
  mirrors: z.array(mirror).default([]).describe('In the order in which they are asked.'),
})

export type Registry = z.infer<typeof registry>
export type Mirror = z.infer<typeof mirror>
