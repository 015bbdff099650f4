import { type FileCell, isPrivate } from '../host/file.ts'
import type { LinkCell } from '../host/link.ts'
import { BACKUPS } from '../host/shell.ts'
import type { Cell } from '../host/view.ts'
import { canonical } from '../model/json.ts'
import type { Holding, Line } from './manifest.ts'

/**
 * What somebody else made of a thing of ours that is to be put back, in words; nothing where it is as one of our own writes left
 * it. Packages and services are not asked: their states in between are nobody's doing.
 */
export function foreignWords(lines: Line[], held: Holding, now: Cell): string | undefined {
  const words = WORDS[held.key.slice(0, held.key.indexOf(':'))]
  return words === undefined || isOurs(lines, held, now) ? undefined : `not as kcharm left it: ${words(now)}`
}

const WORDS: Record<string, (now: Cell) => string> = {
  file: (now) => fileWords(now as FileCell),
  link: (now) => linkWords(now as LinkCell),
  tree: (now) => (now === null ? 'it is gone' : 'its files were changed since it was unpacked, and go with it'),
}

/** One of the values that the intents behind it know: the last of them may never have been carried out. */
function isOurs(lines: Line[], { key, ns }: Holding, now: Cell): boolean {
  const said = canonical(now)
  return lines.some((line) => {
    if (line.t !== 'intent' || !ns.includes(line.n)) return false
    const known = line.key === key ? [line.before, line.after] : [line.sides?.[key] ?? null]
    return known.some((cell) => canonical(cell) === said)
  })
}

function fileWords(now: FileCell): string {
  if (now === null) return 'it is gone'
  if ('other' in now) return `it is a ${now.other} now`
  const place = isPrivate(now) ? BACKUPS : `${BACKUPS}/${now.sha}`
  return `what somebody else wrote there goes; a copy stays in ${place} as long as kcharm has anything on the machine`
}

function linkWords(now: LinkCell): string {
  if (now === null) return 'it is gone'
  return 'other' in now ? `it is a ${now.other} now` : `somebody else has pointed it to ${now.target}`
}
