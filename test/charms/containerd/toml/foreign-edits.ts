import { statements } from '../../../../charms/containerd/toml/statements.ts'
import { eolOf } from '../../../../charms/containerd/toml/text-cut.ts'

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A text with lines of a stranger in it, and those lines (each is unique) with their line ends. */
export interface Edited {
  text: string
  added: string[]
}

/**
 * Adds up to four foreign pieces at line starts between statements, anywhere in the file, kcharm's part included:
 * comments, blank lines with a mark, whole tables (before a header or at the end) and pairs in the root.
 */
export function foreignEdits(text: string, random: () => number): Edited {
  let edited: Edited = { text, added: [] }
  const count = 1 + Math.floor(random() * 4)
  for (let n = 0; n < count; n++) edited = addPiece(edited, { n, random })
  return edited
}

function addPiece({ text, added }: Edited, { n, random }: { n: number; random: () => number }): Edited {
  const eol = eolOf(text)
  const tag = `${n}-${Math.floor(random() * 1e9)}`
  const places = placesIn(text)
  const place = places[Math.floor(random() * places.length)] ?? { at: 0, before: 'pair' as const }
  const comment = [`${' '.repeat(n)}# by hand ${tag}`]
  const table = [
    `[proxy_plugins."io.example.${tag}"]`,
    `\tpath = "C:\\\\#[${tag}]" # [not.a.table]`,
    `list = [1, # ${tag}`,
    ` 2]#${tag}`,
  ]
  const root = [`hand-${tag} = '# BEGIN kcharm'`]
  const kinds = place.before === 'header' ? [comment, table] : place.before === 'root' ? [comment, root] : [comment]
  const lines = kinds[Math.floor(random() * kinds.length)] ?? comment
  const piece = lines.join(eol) + eol
  const gap = place.at > 0 && text[place.at - 1] !== '\n' ? eol : ''
  return { text: text.slice(0, place.at) + gap + piece + text.slice(place.at), added: [...added, piece] }
}

/** The line starts at which a line may stand without changing what the others mean. */
function placesIn(text: string): { at: number; before: 'header' | 'root' | 'pair' }[] {
  const tops = statements(text).filter(({ kind }) => kind !== 'inner')
  const firstHeader = tops.findIndex(({ kind }) => kind === 'header')
  const starts = tops.flatMap(({ kind, start }, index) => {
    const at = text.lastIndexOf('\n', start) + 1
    if (at === 0 || text.slice(at, start).trim() !== '') return []
    const inRoot = firstHeader < 0 || index < firstHeader
    return [{ at, before: kind === 'header' ? ('header' as const) : inRoot ? ('root' as const) : ('pair' as const) }]
  })
  return [...starts, { at: text.length, before: 'header' }]
}
