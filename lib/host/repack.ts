import { keptFile } from './kept-file.ts'
import type { Kind } from './kind.ts'
import { KEPT, path, quote } from './shell.ts'

/** An installed package of apt's, made into a file again from what of it is on the machine: what a rollback installs. */
export interface RepackObject {
  kind: 'repack'
  name: string
  version: string
}

const kept = keptFile('deb', ['.kcharm-new', '.kcharm-new.deb', '.kcharm-new.list'])

export const repack: Kind<RepackObject> = {
  undo: kept.undo,
  reading: (object) => kept.reading(fileOf(object)),
  plan(object, view) {
    const { name, version } = object
    const script = `kc_repack ${quote(name)} ${path(fileOf(object))}`
    const why = 'no repository has it any more'
    return kept.plan(fileOf(object), view, { verb: `keep ${name} ${version} as a file`, script, why })
  },
}

/** Named as apt names those in its cache. */
function fileOf({ name, version }: RepackObject): string {
  return `${KEPT}/${name}_${version.replaceAll(':', '%3a')}_.deb`
}
