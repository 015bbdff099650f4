import type { Kind, Undoer } from './kind.ts'
import { WAYS } from './package-manager.ts'
import { quote } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

/** A package of apt that stays at its version, whatever the machine's own upgrades want. */
export interface HoldObject {
  kind: 'hold'
  name: string
}

export type HoldCell = 'held' | 'free'

const holdUndoer: Undoer = {
  prefix: 'hold',
  reading: (name) => holdReading(name),
  restore: (name, to) => `apt-mark ${to === 'held' ? 'hold' : 'unhold'} ${quote(name)}`,
  awaits: () => WAYS.apt.busy,
}

export const hold: Kind<HoldObject> = {
  undo: holdUndoer,
  reading: ({ name }) => holdReading(name),
  plan({ name }, view) {
    const before = view.peek(holdReading(name))
    if (!isUnknown(before) && before === 'held') return undefined
    return {
      key: `hold:${name}`,
      verb: `hold ${name} at its version`,
      before: isUnknown(before) ? 'free' : before,
      after: 'held',
      sides: {},
      script: `apt-mark hold ${quote(name)}`,
      awaits: WAYS.apt.busy,
    }
  },
}

export function holdReading(name: string): Reading<HoldCell> {
  return {
    key: `hold:${name}`,
    lasting: 'cell',
    // The same words before and after the package comes: a step refuses to run on a frame that has changed.
    script: `if [ "$(dpkg-query -W -f='\${db:Status-Want}' ${quote(name)} 2>/dev/null)" = hold ]; then echo held; else echo free; fi`,
    parse: (frame) => (frame === 'held' ? 'held' : 'free'),
  }
}
