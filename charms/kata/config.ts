import { z } from 'zod'
import { SHIMS } from './shims.ts'

export const config = z.strictObject({
  source: z
    .enum(['archive'])
    .default('archive')
    .describe('Where Kata comes from: `archive` unpacks the resource `kata`.'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'expected three numbers, such as 3.20.0')
    .optional()
    .describe('The version that the archive holds; default: read from the archive’s file name.'),
  prefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'expected an absolute path of plain characters')
    .default('/opt/kata')
    .describe('The link that shows the version in force; the version itself lies beside it, as PREFIX-VERSION.'),
  shims: z
    .array(z.enum(SHIMS))
    .min(1)
    .default(['qemu'])
    .describe('The shims to offer as handlers; each becomes the handler `kata-SHIM`.'),
  preflight: z
    .enum(['block', 'warn'])
    .default('block')
    .describe(
      'What a machine that cannot run Kata gets: `block` touches nothing there, `warn` installs and says so in every status.',
    ),
})

export type Config = z.infer<typeof config>
