import { dirname, resolve } from 'node:path'
import type { Draft } from './bundle-schema.ts'
import { quote, type Problem } from './faults.ts'
import { mapRecord } from './map-record.ts'
import type { YamlSource } from './yaml-source.ts'

/** By application: the folder of its charm, absolute, where that is one of the operator's own. */
export type Paths = ReadonlyMap<string, string>

/** A name has no slash: `./crictl` is a folder. */
export function isCharmPath(charm: string): boolean {
  return charm.includes('/')
}

export function foldersOf({ applications }: Draft, source: YamlSource): Paths {
  return new Map(
    Object.entries(applications).flatMap(([app, { charm }]): [string, string][] => {
      if (charm === undefined || !isCharmPath(charm)) return []
      return [[app, resolve(dirname(source.fileOf(['applications', app, 'charm'])), charm)]]
    }),
  )
}

/** The draft with the keys of charms in place of their folders. */
export function withKeys(
  draft: Draft,
  paths: Paths,
  found: Record<string, { charm: string } | { fault: string }>,
): { draft: Draft; problems: Problem[] } {
  const problems: Problem[] = []
  const applications = mapRecord(draft.applications, (app, given) => {
    const folder = paths.get(app)
    if (folder === undefined) return given
    const at = found[folder] ?? { fault: 'charms of folders are not loaded here' }
    if ('charm' in at) return { ...given, charm: at.charm }
    const what = `the charm ${quote(given.charm ?? '')} cannot be used`
    problems.push({ path: ['applications', app, 'charm'], what, says: at.fault })
    return { ...given, charm: undefined }
  })
  return { draft: { ...draft, applications }, problems }
}
