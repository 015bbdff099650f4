import type { Verb } from '../verb.ts'

/**
 * `resume`: goes on with what was declared last and cut off, or stopped on the way. What was refused is tried again first: else
 * each call would try it on one machine more.
 */
export const resume: Verb = {
  title: 'resume',
  declare: (before) => ({ ...before, retries: Object.keys(before.model.applications) }),
}
