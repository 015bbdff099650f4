import type { EditObject } from '../../lib/host/edit.ts'
import { KcharmError } from '../../lib/errors/index.ts'
import { remembered } from '../../lib/model/memo.ts'
import type { Ctx } from './context.ts'
import { CONFIG } from './observe.ts'
import { isMoved, type Move, moveToSchema3, readConfig } from './toml/index.ts'
import { isMajor } from './upgrades.ts'

/** The main file on the way from a containerd 1 to a containerd 2: an edit, or why it stays as it is; neither elsewhere. */
export interface SchemaMove {
  edit?: EditObject
  stays?: string
}

/**
 * `text`: the operator's part of the main file. Every containerd 2 reads schema 2 as well, but what it makes of it at each start
 * loses settings; a file that cannot be moved without guessing stays with that. What was moved stays moved.
 */
export function schemaMove(text: string, { ascent }: Pick<Ctx, 'ascent'>, daemon: string): SchemaMove {
  if (text === '' || !(isMoved(text) || (isMajor({ ascent }) && isOfSchema2(text)))) return {}
  const stays = reasonToStay(text, daemon)
  return stays === undefined ? { edit: moveEdit(daemon) } : { stays }
}

function moveEdit(daemon: string): EditObject {
  return {
    kind: 'edit',
    path: CONFIG,
    id: 'schema',
    intent: 'write it for schema 3',
    firm: true,
    fn: (text) => moved({ text, daemon }).text,
    why: (text) => wordsOn(moved({ text, daemon })),
    validate: { argv: ['containerd', '-c', '{new}', 'config', 'dump'] },
  }
}

const moved = remembered((given: { text: string; daemon: string }) =>
  moveToSchema3(given.text, { path: CONFIG, daemon: given.daemon }),
)

function wordsOn({ gone }: Move): string {
  return `from schema 2 to 3; ${gone.length === 0 ? 'none of its settings is lost' : `no containerd 2 has these: ${gone.join(', ')}`}`
}

/** Up to 2.2 an imported file of another schema is passed over in silence. */
function reasonToStay(text: string, daemon: string): string | undefined {
  const { imports } = readConfig(text, { path: CONFIG, daemon })
  if (!isMoved(text) && imports.length > 0 && /^2\.[0-2]\./.test(daemon)) {
    return `it imports ${imports.join(', ')}, which may be of schema 2 as well`
  }
  try {
    moved({ text, daemon })
    return undefined
  } catch (thrown) {
    if (thrown instanceof KcharmError) return thrown.message
    throw thrown
  }
}

function isOfSchema2(text: string): boolean {
  return readConfig(text, { path: CONFIG }).schema === 2
}
