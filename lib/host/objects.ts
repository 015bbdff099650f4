import { canonical } from '../model/json.ts'
import { archive } from './archive.ts'
import { copy } from './copy.ts'
import { directory } from './directory.ts'
import { edit } from './edit.ts'
import { file } from './file.ts'
import { hold } from './hold.ts'
import { kernelModule } from './kernel-module.ts'
import type { Change, Kind, Undoer } from './kind.ts'
import { link } from './link.ts'
import { output } from './output.ts'
import { packageKind } from './package.ts'
import { repack } from './repack.ts'
import { repositoryIndex } from './repository-index.ts'
import { resourceFile } from './resource-file.ts'
import { service } from './service.ts'
import type { Cell, Key, Reading, View } from './view.ts'

/** Every kind of host object, by name. A new one is its own file and a word here. */
const kinds = {
  archive,
  copy,
  directory,
  edit,
  file,
  hold,
  'kernel-module': kernelModule,
  link,
  output,
  package: packageKind,
  repack,
  'repository-index': repositoryIndex,
  'resource-file': resourceFile,
  service,
}

type Kinds = typeof kinds
export const KINDS = Object.keys(kinds)
export type HostObject = { [K in keyof Kinds]: Kinds[K] extends Kind<infer O> ? O : never }[keyof Kinds]

/** The change that makes the object true on what the view shows; nothing when it is true. */
export function planObject(object: HostObject, view: View): Change | undefined {
  return kindOf(object).plan(object, view)
}

export function readingOf(object: HostObject): Reading<Cell> {
  return kindOf(object).reading(object)
}

/** How the cell named by `key` is put back; `name` is the key's part behind the colon. */
export function undoerOf(key: Key): { undoer: Undoer; name: string } {
  const colon = key.indexOf(':')
  const undoer = undoers.get(key.slice(0, colon))
  if (undoer === undefined) throw new Error(`nothing is known of ${key}`)
  return { undoer, name: key.slice(colon + 1) }
}

const undoers = new Map(
  Object.values(kinds).flatMap(({ undo }): [string, Undoer][] => (undo ? [[undo.prefix, undo]] : [])),
)

/** Whether the cell is as good as the wanted one. */
export function holds(key: Key, wanted: Cell, have: Cell): boolean {
  const { undoer } = undoerOf(key)
  return undoer.holds ? undoer.holds(wanted, have) : canonical(wanted) === canonical(have)
}

/** The list pairs each name with its own kind; the compiler cannot follow that through an index. */
function kindOf(object: HostObject): Kind<HostObject> {
  return kinds[object.kind] as unknown as Kind<HostObject>
}
