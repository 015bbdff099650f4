import { z } from 'zod'

/** Options of charms that install a package, worded once. */
export const hold = z
  .boolean()
  .default(false)
  .describe('Whether the package stays at its version when the machine’s own upgrades would change it.')

const url = z
  .string()
  .regex(/^(https?|file):\/?\/?[^\s]+$/, 'expected a URL')
  .describe('Where the repository is.')

const unsigned = z.boolean().default(false).describe('Take its packages without a signature, where there is no key.')

const WORDS = 'A repository for the package, with its key as the resource `repository-key`. Default: the machine’s own.'

/** Of dnf or zypper. */
export const rpmRepository = z.strictObject({ url, unsigned }).optional().describe(WORDS)

/** Of any package manager. */
export const repository = z
  .strictObject({
    url,
    suite: z
      .string()
      .regex(/^[\w./-]+$/, 'expected a suite')
      .optional()
      .describe('apt: its suite, `./` for a flat one; default: the release’s codename.'),
    components: z
      .array(z.string().regex(/^[\w./-]+$/, 'expected a component'))
      .default([])
      .describe('apt: its components.'),
    unsigned,
  })
  .optional()
  .describe(WORDS)
