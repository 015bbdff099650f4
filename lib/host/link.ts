import { posix } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import type { Kind, Undoer } from './kind.ts'
import { path, quote } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

/** A symbolic link; switched by rename, so that it always points somewhere whole. */
export interface LinkObject {
  kind: 'link'
  path: string
  target: string
}

export type LinkCell = null | { target: string } | { other: string }

const linkUndoer: Undoer = {
  prefix: 'link',
  reading: (name) => linkReading(name),
  restore(name, to) {
    const before = to as LinkCell
    if (before === null) return `rm -f ${path(name)}`
    if ('other' in before) throw new Error(`${name} was not a link; it cannot be put back`)
    return switchLink(name, before.target)
  },
  leftovers: (name) => [temporary(name)],
}

export const link: Kind<LinkObject> = {
  undo: linkUndoer,
  reading: (object) => linkReading(object.path),
  plan(object, view) {
    const before = view.peek(linkReading(object.path))
    if (isUnknown(before)) return undefined
    if (before !== null && 'other' in before) throw foreign(object, before.other)
    if (before?.target === object.target) return undefined
    return {
      key: `link:${object.path}`,
      verb: `link ${object.path} to ${object.target}`,
      before,
      after: { target: object.target },
      sides: {},
      script: switchLink(object.path, object.target),
    }
  },
}

export function linkReading(name: string): Reading<LinkCell> {
  return { key: `link:${name}`, lasting: 'cell', script: `kc_link ${path(name)}`, parse: parseLink }
}

function parseLink(frame: string): LinkCell {
  if (frame === 'none') return null
  return frame.startsWith('link ') ? { target: frame.slice(5) } : { other: frame }
}

function switchLink(name: string, target: string): string {
  const fresh = temporary(name)
  return [
    `kc_parents ${path(posix.dirname(name))}`,
    `rm -f ${path(fresh)} && ln -s -- ${destination(target)} ${path(fresh)}`,
    `kc_rename ${path(fresh)} ${path(name)}`,
  ].join(' &&\n')
}

/** An absolute target lies below the root prefix as well; the reading takes that away again. */
function destination(target: string): string {
  return target.startsWith('/') ? `"$R"${quote(target)}` : quote(target)
}

function temporary(name: string): string {
  return posix.join(posix.dirname(name), `.kcharm.${posix.basename(name)}.new`)
}

function foreign(object: LinkObject, what: string): KcharmError {
  return new KcharmError('unit-failed', `${object.path} is a ${what}, not a link; kcharm did not put it there`, {
    hint: `move ${object.path} away, or choose another place`,
  })
}
