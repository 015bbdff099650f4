import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { KcharmError } from '../../errors/index.ts'
import { matchesPattern } from './patterns.ts'
import { type Directive, parseDirectives } from './words.ts'

const known = new Map<string, Directive[]>()

/** The directives of a file, read once; none when it is not there. `guarded`: one that others could change is refused, as ssh does. */
export function directivesOf(file: string, { guarded = false } = {}): Directive[] {
  const before = known.get(file)
  if (before) return before
  const directives = parseDirectives(read(file, guarded), file)
  known.set(file, directives)
  return directives
}

function read(file: string, guarded: boolean): string {
  try {
    if (guarded) refuseForeign(file)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof KcharmError) throw cause
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'EACCES')) return ''
    throw new KcharmError('usage', `${file} cannot be read`, { cause })
  }
}

function refuseForeign(file: string): void {
  const { uid, mode } = statSync(file)
  const foreign = uid !== 0 && uid !== process.getuid?.()
  if (!foreign && (mode & 0o022) === 0) return
  throw new KcharmError('usage', `${file}: others can write to it, and ssh would refuse it`, {
    hint: `chown it to yourself and chmod 600 ${file}`,
  })
}

/** The files that an `Include` names, in the order of their names (glob(7): `*`, `?` and `[…]`). */
export function expandGlob(pattern: string, folder: string): string[] {
  const whole = isAbsolute(pattern) ? pattern : join(folder, pattern)
  const found = whole
    .split('/')
    .filter((part) => part !== '')
    .reduce<string[]>((places, part) => places.flatMap((place) => step(place, part)), ['/'])
  return found.sort((a, b) => (a < b ? -1 : 1))
}

function step(place: string, part: string): string[] {
  if (!/[*?[]/.test(part)) return exists(join(place, part)) ? [join(place, part)] : []
  return names(place)
    .filter((name) => !name.startsWith('.') || part.startsWith('.'))
    .filter((name) => (part.includes('[') ? bracketed(part).test(name) : matchesPattern(part, name)))
    .map((name) => join(place, name))
}

function bracketed(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[^]/g, (piece) => {
    if (piece.length > 1) return piece.replace('[!', '[^').replaceAll('\\', '\\\\')
    return piece === '*' ? '.*' : piece === '?' ? '.' : piece.replace(/[.+^${}()|[\]\\]/, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
