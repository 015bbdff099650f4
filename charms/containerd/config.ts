import { z } from 'zod'

export const config = z.strictObject({
  source: z
    .enum(['auto', 'package', 'archive'])
    .default('auto')
    .describe(
      'Where containerd comes from: `auto` adopts what is there and else installs the distribution’s package, `package` installs that, `archive` unpacks the resource `containerd`.',
    ),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'expected three numbers, such as 2.3.7')
    .optional()
    .describe('The version that the archive holds; default: read from the archive’s file name.'),
  restrict_oom_score_adj: z
    .enum(['auto', 'true', 'false'])
    .default('auto')
    .describe(
      'Whether containers may not have a lower OOM score than containerd: `auto` sets it where the machine lacks CAP_SYS_RESOURCE.',
    ),
})

export type Config = z.infer<typeof config>
