import { z } from 'zod'
import { maybeSecret, REFERENCES, secretReference } from '../../../lib/model/secret-references.ts'

const URL = /^https?:\/\/[^\s@"\\?#]+$/

const mirror = z.strictObject({
  url: z
    .string()
    .regex(URL, 'expected http:// or https://, without a login')
    .describe('Where it is asked; the registry’s own URL for settings of the registry itself.'),
  capabilities: z
    .array(z.enum(['pull', 'resolve', 'push']))
    .default(['pull', 'resolve'])
    .describe('What it may be asked for.'),
  ca: maybeSecret(z.string())
    .optional()
    .describe(`The certificates that it is checked against: PEM text, or ${REFERENCES}.`),
  client: z
    .strictObject({
      cert: secretReference.describe(`The certificate as PEM: ${REFERENCES}.`),
      key: secretReference.describe(`Its private key as PEM, without a password: ${REFERENCES}.`),
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
  password: secretReference.optional().describe(`Where it is: ${REFERENCES}.`),
  token: secretReference.optional().describe(`A bearer token: ${REFERENCES}.`),
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
