import { z } from 'zod'

/** An application: one word of a unit's name, `containerd/0`. */
export const applicationName = name(
  /^(?=.{1,63}$)[a-z](-?[a-z0-9])*$/,
  'expected lower-case letters, digits and single hyphens, a letter first',
)

/** A machine, in the bundle, the inventory and on the command line. */
export const machineName = name(
  /^(?=.{1,63}$)[A-Za-z0-9][A-Za-z0-9.-]*$/,
  'expected letters, digits, dots and hyphens, a letter or digit first',
)

/** A tag: what machines have in common. */
export const tagName = name(
  /^(?=.{1,63}$)[A-Za-z0-9][A-Za-z0-9._-]*$/,
  'expected letters, digits, dots, hyphens and underscores, a letter or digit first',
)

/** A variable, of a bundle or of a machine. */
export const VARIABLE = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/

/** A machine's name that YAML may have read as a number: `to: [0]`, `name: 0`. */
export const machineWord = z.union([machineName, z.int().nonnegative().transform(String)]).meta({ title: 'text' })

/** Records keyed by such names are plain objects, so a name that every object has from birth would be found in all of them. */
function name(pattern: RegExp, says: string) {
  return z
    .string()
    .regex(pattern, { message: says, abort: true })
    .refine((word) => word !== 'all' && !(word in {}), 'expected a name that is not reserved')
}
