import { stringify } from 'yaml'
import { z } from 'zod'
import { KcharmError } from '../errors/index.ts'
import { WEB } from './bundle-schema.ts'
import type { ResourceRef } from './declaration.ts'
import { readYaml } from './yaml-source.ts'
import { problemsOf } from './zod-problems.ts'

/** Digests that somebody vouched for, beside the bundle in `kcharm.lock.yaml`. */
export interface Lockfile {
  /** SHA-256, 64 hex digits, by `lockKey`. */
  resources: Record<string, string>
}

export const LOCKFILE = 'kcharm.lock.yaml'

const lockSchema = z.strictObject({
  resources: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256, 64 lower-case hex digits')),
})

/** Throws `invalid-bundle` with all its faults. */
export function parseLockfile(text: string, { file }: { file: string }): Lockfile {
  const source = readYaml(text, { file, code: 'invalid-bundle' })
  source.check(problemsOf(lockSchema, { value: source.value, written: source.written }))
  return lockSchema.parse(source.value)
}

/** The same text for the same digests, so that version control shows only what changed. */
export function renderLockfile({ resources }: Lockfile): string {
  const sorted = Object.fromEntries(Object.entries(resources).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return `# Digests of resources, written by kcharm resource pin. Keep it with the bundle.\n${stringify({ resources: sorted }, { lineWidth: 0 })}`
}

/** With the digest of one more resource, or another one for a resource that it has. */
export function addToLockfile({ resources }: Lockfile, ref: Pick<ResourceRef, 'from'>, sha256: string): Lockfile {
  return { resources: { ...resources, [lockKey(ref)]: sha256 } }
}

/** What a resource is called in the lockfile: its URL without login, or the name of its file, which may lie elsewhere tomorrow. */
export function lockKey({ from }: Pick<ResourceRef, 'from'>): string {
  return WEB.test(from) ? from.replace(/^(https?:\/\/)[^/?#]*@/i, '$1') : (from.split('/').at(-1) ?? from)
}

/** The resource with its digest from the lockfile, where the bundle gives none. Throws `invalid-bundle` when the two differ. */
export function withLockedDigest(ref: ResourceRef, lock: Lockfile): ResourceRef {
  const key = lockKey(ref)
  const locked = Object.hasOwn(lock.resources, key) ? lock.resources[key] : undefined
  if (locked === undefined) return ref
  if (ref.sha256 !== undefined && ref.sha256 !== locked) {
    const message = `${key}: the bundle says sha256 ${ref.sha256}, ${LOCKFILE} says ${locked}: expected the same`
    throw new KcharmError('invalid-bundle', message, { hint: 'Take the wrong one out.' })
  }
  return { ...ref, sha256: locked }
}
