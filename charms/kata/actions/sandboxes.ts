import { z } from 'zod'
import { action } from '../../../lib/lifecycle/action.ts'
import { sandboxes as reading } from '../observe.ts'

/** What keeps the unit from being removed. */
export const sandboxes = action({
  description: 'Lists the sandboxes that live under the shims of Kata on this machine, by id.',
  params: z.strictObject({}),
  ask: () => ({
    ...reading,
    key: 'kata:action:sandboxes',
    parse(frame) {
      const found = reading.parse(frame)
      return { ok: true, says: `${found.length} sandbox${found.length === 1 ? '' : 'es'}`, result: found }
    },
  }),
})
