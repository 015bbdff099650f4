import { keptFile } from './kept-file.ts'
import type { Kind } from './kind.ts'
import { path, quote } from './shell.ts'

/** What a program prints before it is changed, for a comparison with what comes after. Made once, never changed; its owner's to read. */
export interface OutputObject {
  kind: 'output'
  /** A word that begins with a slash is a file of the machine. */
  argv: string[]
  to: string
}

const kept = keptFile('output', ['.kcharm-new'])

export const output: Kind<OutputObject> = {
  undo: kept.undo,
  reading: ({ to }) => kept.reading(to),
  plan({ argv, to }, view) {
    const words = argv.map((word) => (word.startsWith('/') ? path(word) : quote(word)))
    const script = `kc_keep_output ${path(to)} ${words.join(' ')}`
    return kept.plan(to, view, { verb: `put what ${argv.join(' ')} says in ${to}`, script })
  },
}
