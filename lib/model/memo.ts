import { canonical } from './json.ts'

/**
 * A pure function that keeps its last results: thousands of machines with the same file cost one edit of it.
 * Arguments must be plain data; results must not be changed by who gets them.
 */
export function remembered<A, R>(pure: (given: A) => R, limit = 256): (given: A) => R {
  const known = new Map<string, R>()
  return (given) => {
    const key = typeof given === 'string' ? given : canonical(given)
    const found = known.get(key)
    if (found !== undefined) return found
    const made = pure(given)
    if (known.size >= limit) known.delete(known.keys().next().value ?? '')
    known.set(key, made)
    return made
  }
}
