import { digest } from '../model/json.ts'
import { type FileCell, fileChange, fileReading, textReading, type Validation } from './file.ts'
import type { Change, Kind } from './kind.ts'
import { isUnknown, NotYet, type Unknown, type View } from './view.ts'

/**
 * A few keys or lines of somebody else's file. `fn` is pure and idempotent, and a foreign line anywhere must
 * not move ours. `id` and `intent` are the edit's identity while the text is not known yet.
 */
export interface EditObject {
  kind: 'edit'
  path: string
  id: string
  intent: string
  fn(text: string): string
  /** What a file that was not there begins with: it stays as long as lines of somebody else's stand on it. */
  ground?: string
  /** An older version cannot read the file with it: where it cannot be taken out, going back stops before it begins. */
  firm?: true
  validate?: Validation
  /** What the change of this text means, where that does not show in its diff. */
  why?(text: string): string | undefined
}

export const edit: Kind<EditObject> = {
  reading: (object) => fileReading(object.path),
  plan(object, view) {
    const before = view.peek(fileReading(object.path))
    const text = editedText(object, view)
    const change = text === undefined ? undefined : editChange(object, view, { before, text })
    const why = change && object.why && reasonFor(object.why, view.peek(textReading(object.path)))
    return change && why !== undefined ? { ...change, why } : change
  },
}

function reasonFor(why: (text: string) => string | undefined, text: string | Unknown): string | undefined {
  return isUnknown(text) ? undefined : why(text)
}

function editChange(
  object: EditObject,
  view: View,
  state: { before: FileCell | Unknown; text: string | Unknown },
): Change | undefined {
  const { before } = state
  const owned = !isUnknown(before) && before !== null && !('other' in before) ? before : undefined
  return fileChange({
    path: object.path,
    text: state.text,
    view,
    before,
    words: `edit ${object.path}`,
    mode: owned?.mode ?? '0644',
    ...(owned ? { owner: owned.owner } : {}),
    intent: object.intent,
    ...(object.validate ? { validate: object.validate } : {}),
  })
}

/** The text with the edit laid over it; nothing when an absent file would stay empty. */
function editedText(object: EditObject, view: View): string | Unknown | undefined {
  const base = view.peek(textReading(object.path))
  if (isUnknown(base)) return layered(base, object)
  try {
    const text = object.fn(base)
    return text === base && base === '' ? undefined : text
  } catch (thrown) {
    if (thrown instanceof NotYet) return layered({ ...thrown.value, term: digest(base) }, object)
    throw thrown
  }
}

/** Edits on an unknown text are a base and a map of edits, so the same edit twice is the same value. */
function layered(base: Unknown, object: EditObject): Unknown {
  if (base.edits?.[object.id] === object.intent) return base
  const edits = { ...base.edits, [object.id]: object.intent }
  const root = base.term.split('|', 1)[0] ?? base.term
  const words = Object.keys(edits)
    .sort()
    .map((id) => `${id}=${edits[id]}`)
  return { unknown: base.unknown, term: [root, ...words].join('|'), edits }
}
