import { applyPatch, reversePatch, structuredPatch } from 'diff'
import { type FileCell, fileChange, isPrivate, SECRET_TEXT, textReading } from '../host/file.ts'
import type { Change } from '../host/kind.ts'
import { undoerOf } from '../host/objects.ts'
import { BACKUPS, path } from '../host/shell.ts'
import { type Cell, isUnknown, type Reading, type View } from '../host/view.ts'
import { type Answer, type Ask, needed, StepFailed } from './ask.ts'
import type { Holding } from './manifest.ts'
import type { Unit } from './unit.ts'

type Steps<T> = Generator<Ask, T, Answer>
type At = { now: Cell; view: View }

/**
 * Takes our hunks out of the present text, stretch by stretch; where they no longer fit, the file stays and that is said.
 * A file that we made goes with the last line that is not ours; until then what it was begun with stays, as these lines
 * were written on it.
 */
export function* undoEdit(unit: Unit, held: Holding, at: At): Steps<Change | undefined> {
  const name = held.key.slice('file:'.length)
  const now = yield* needed(() => at.view.read(textReading(name)))
  const text = yield* textWithout(held, now, at.view)
  if (text === false) {
    const why = 'it was edited by a hand where kcharm had edited it; take our lines out by hand'
    yield { do: 'tell', event: { unit: unit.name, kind: 'kept', key: held.key, why } }
    return undefined
  }
  const cell = at.now as Exclude<FileCell, null | { other: string }>
  const words = `take our lines out of ${name}`
  if (text === (held.ground ?? '') && held.before === null) return removal(held, { now: at.now, words })
  if (text === now) return undefined
  return fileChange({ path: name, text, mode: cell.mode, owner: cell.owner, view: at.view, before: cell, words })
}

/** Throws where an edit that an older version cannot read could not be taken out: then nothing is put back at all. */
export function* refuseUnfit(held: Holding[], view: View): Steps<void> {
  for (const each of held) {
    const name = each.key.slice('file:'.length)
    if (!each.firm) continue
    const now = yield* needed(() => view.read(textReading(name)))
    if ((yield* textWithout(each, now, view)) !== false) continue
    const was = each.before as FileCell
    const copy = was !== null && 'sha' in was ? `, or put back ${BACKUPS}/${was.sha}, which is how it was before` : ''
    throw new StepFailed(
      `${name} was edited by a hand where kcharm had edited it: it cannot be put back, and nothing was`,
      `take that edit back${copy}; then run the same command again`,
    )
  }
}

/** The present text without what the unit made of it; false where that no longer fits. */
function* textWithout(held: Holding, now: string, view: View): Steps<string | false> {
  const name = held.key.slice('file:'.length)
  let text: string | false = now
  for (const stretch of held.stretches.toReversed()) {
    const ours = yield* textOf(stretch.after, view)
    const old = stretch.before === null ? (held.ground ?? '') : yield* textOf(stretch.before, view)
    if (ours === undefined || text === old) continue // that step was refused or cut off before its file took its place
    if (stretch.open && text !== ours && !isIn(text, { old: old ?? '', ours })) continue // the same, and a hand was there since
    if (old === undefined) return false
    text = text === ours ? old : applyPatch(text, reversePatch(structuredPatch(name, name, old, ours)))
    if (text === false) return false
  }
  return text
}

/** Whether a text shows the step from one text to another: by lines that only the later one has, or else that it lacks. */
function isIn(text: string, { old, ours }: { old: string; ours: string }): boolean {
  const [there, before, after] = [text, old, ours].map((each) => new Set(each.split('\n')))
  const added = [...(after ?? [])].filter((line) => !before?.has(line))
  const removed = [...(before ?? [])].filter((line) => !after?.has(line))
  return added.length > 0 ? added.some((line) => there?.has(line)) : !removed.some((line) => there?.has(line))
}

function removal(held: Holding, how: { now: Cell; words: string }): Change {
  const { undoer, name } = undoerOf(held.key)
  const script = undoer.restore(name, null, how.now)
  return { key: held.key, verb: how.words, before: how.now, after: null, sides: { [`text:${name}`]: '' }, script }
}

/**
 * Adds both texts to a restoration, for the diff and for what reads the file later in the same plan; no diff shows what
 * was a file of ours for its owner's eyes.
 */
export function* withTexts(change: Change, at: { name: string; held: Holding; view: View }): Steps<Change> {
  const after = (yield* textOf(at.held.before, at.view)) ?? ''
  const sides = { [`text:${at.name}`]: after }
  const secret = [change.before, at.held.before].some((cell) => isPrivate(cell as FileCell))
  if (secret && !at.held.edit) {
    return { ...change, intent: SECRET_TEXT, sides }
  }
  const before = yield* needed(() => at.view.peek(textReading(at.name)))
  const texts = isUnknown(before) ? {} : { texts: { before, after } }
  return { ...change, ...texts, sides }
}

/** Nothing where no file with these bytes has ever been in its place. */
function* textOf(cell: Cell, view: View): Steps<string | undefined> {
  const file = cell as FileCell
  if (file === null || 'other' in file) return ''
  return yield* needed(() => view.read(backupReading(file.sha)))
}

function backupReading(sha: string): Reading<string | undefined> {
  const file = path(`${BACKUPS}/${sha}`)
  return {
    key: `backup:${sha}`,
    lasting: 'fact',
    script: `[ ! -f ${file} ] || { echo there; base64 ${file}; }`,
    parse: (frame) => (frame === '' ? undefined : Buffer.from(frame.slice('there'.length), 'base64').toString('utf8')),
  }
}
