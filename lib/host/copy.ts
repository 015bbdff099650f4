import { keptFile } from './kept-file.ts'
import type { Kind } from './kind.ts'
import { path } from './shell.ts'

/** A copy of a file that some program goes on writing, for somebody who must go back by hand. Made once, never changed. */
export interface CopyObject {
  kind: 'copy'
  from: string
  to: string
}

const kept = keptFile('copy', ['.kcharm-new'])

export const copy: Kind<CopyObject> = {
  undo: kept.undo,
  reading: ({ to }) => kept.reading(to),
  plan: ({ from, to }, view) =>
    kept.plan(to, view, { verb: `copy ${from} to ${to}`, script: `kc_copy_whole ${path(from)} ${path(to)}` }),
}
