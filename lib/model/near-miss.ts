/** The candidate that was most likely meant by a misspelt word; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const distance = candidate.length > LONGEST ? Infinity : editDistance(plain(word), plain(candidate))
    if (distance < least && distance <= allowed(word, candidate)) [best, least] = [candidate, distance]
  }
  return best
}

/** Longer words are somebody's data, not a slip of the finger; this also bounds the work on hostile input. */
const LONGEST = 64

/** One slip in three letters: of two letters either may be meant. */
function allowed(word: string, candidate: string): number {
  return word.length > LONGEST ? -1 : Math.floor(Math.max(word.length, candidate.length) / 3)
}

function plain(word: string): string {
  return word.slice(0, LONGEST).toLowerCase().replaceAll('_', '-')
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const replaced = at(last, j - 1) + (same ? 0 : 1)
      row[j] = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swapped ? at(beforeLast, j - 2) + 1 : Infinity)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: number[], column: number): number {
  return row[column] ?? Infinity
}
