import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import type { Blob } from '../host/kind.ts'
import type { Model, ResourceRef } from '../model/declaration.ts'
import { lockKey } from '../model/lockfile.ts'
import { mapRecord } from '../model/map-record.ts'
import type { SitePlan } from '../plan/plan-site.ts'
import { blobCache } from '../state/places.ts'

/** The declared resources by application and name. */
export type Blobs = Record<string, Record<string, Blob | undefined>>

/** Throws `invalid-option` with every resource for whose bytes nobody has vouched. Reads no byte of them. */
export async function resolveBlobs({ applications }: Model): Promise<Blobs> {
  const faults: string[] = []
  const all: Blobs = {}
  for (const { name: app, resources, life } of Object.values(applications)) {
    const blobs: Record<string, Blob | undefined> = {}
    for (const [name, ref] of Object.entries(resources)) {
      if (ref.sha256 === undefined) {
        if (life === 'present')
          faults.push(`${app}:${name}: nobody has vouched for ${lockKey(ref)}: expected its sha256`)
      } else blobs[name] = await blobOf(ref, ref.sha256)
    }
    all[app] = blobs
  }
  if (faults.length === 0) return all
  const hint = 'give sha256 in the bundle, or run: kcharm resource pin URL|FILE --bundle BUNDLE'
  throw new KcharmError('invalid-option', 'resources cannot be used', { faults, hint })
}

/** As far as it can be known without a look at files: for a model that was rebuilt while machines were read. */
export function namedBlobs({ applications }: Model): Blobs {
  return mapRecord(applications, (_app, { resources }) =>
    mapRecord(resources, (_name, { from, sha256 }) => {
      return sha256 === undefined ? undefined : { from, sha256, name: nameOf(from), size: 0 }
    }),
  )
}

/** Throws `invalid-option` when a plan would unpack a local file that is not there. */
export async function assertBlobsAtHand(plans: SitePlan[], blobs: Blobs): Promise<void> {
  const apps = plans.flatMap((plan) => plan.changes.flatMap(unpackingApp))
  for (const app of new Set(apps)) {
    for (const [name, blob] of Object.entries(blobs[app] ?? {})) {
      if (blob === undefined || isWeb(blob.from) || (await sizeOf(fileOf(blob))) !== undefined) continue
      throw new KcharmError('invalid-option', `${app}:${name}: there is no file ${blob.from}`, {
        hint: `say where it is: --resource ${app}:${name}=PATH`,
      })
    }
  }
}

export function isWeb(from: string): boolean {
  return /^https?:\/\//i.test(from)
}

/** The file that holds the bytes, once they were fetched. */
export function fileOf(blob: Pick<Blob, 'from' | 'sha256'>): string {
  return isWeb(blob.from) ? join(blobCache(), blob.sha256) : blob.from
}

async function blobOf(ref: ResourceRef, sha256: string): Promise<Blob> {
  const blob = { sha256, from: ref.from, name: nameOf(ref.from), ...(ref.fetch ? { fetch: ref.fetch } : {}) }
  return { ...blob, size: (await sizeOf(fileOf(blob))) ?? 0 }
}

async function sizeOf(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

function nameOf(from: string): string {
  const path = isWeb(from) ? decodeURIComponent(new URL(from).pathname) : from
  return path.split('/').at(-1) ?? path
}

/** Taking a tree away needs no bytes. */
function unpackingApp({ key, unit, verb }: SitePlan['changes'][number]): string[] {
  return key.startsWith('tree:') && verb.startsWith('unpack ') ? [unit.split('/')[0] ?? unit] : []
}
