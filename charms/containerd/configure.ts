import { type FileObject, textReading } from '../../lib/host/file.ts'
import type { EditObject } from '../../lib/host/edit.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { remembered } from '../../lib/model/memo.ts'
import type { Ctx } from './context.ts'
import { schemaMove } from './schema-move.ts'
import { CONF_D, CONFIG, DROP_IN } from './observe.ts'
import { isOne } from './toml/facts.ts'
import { editConfig, intentOf, isEmptyWish, readConfig, renderDropIn, setImport, type Wish } from './toml/index.ts'

/**
 * Where a wish is written: on 1.x in the main file (a drop-in there replaces the whole CRI section), on 2.x in a drop-in
 * of our own with the main file's version, and the import line made sure of.
 */
export function configObjects(given: {
  version: string
  wish: Wish
  context: Pick<Ctx, 'view' | 'ascent'>
  prepare?: EditObject[]
}): HostObject[] {
  const { version, wish, context, prepare = [] } = given
  const { view } = context
  if (isOne(version)) return [...prepare, inPlace(version, wish)]
  const before = mendedMain({ version, context, prepare }).edits
  if (isEmptyWish(wish)) return before
  const main = () => view.read(textReading(CONFIG)) || NEW_MAIN
  const facts = () => readConfig(main(), { path: CONFIG, daemon: version })
  return [
    ...before,
    { kind: 'directory', path: '/etc/containerd' },
    { kind: 'directory', path: CONF_D },
    dropIn(() => renderDropIn(facts(), wish), wish),
    {
      kind: 'edit',
      path: CONFIG,
      id: 'import',
      intent: `import ${CONF_D}/*.toml`,
      ground: NEW_MAIN,
      fn: (text) => setImport(text || NEW_MAIN, DROP_IN, { path: CONFIG, present: true }),
      validate: { argv: ['containerd', '-c', '{new}', 'config', 'dump'] },
    },
  ]
}

/** The edits that come before ours: the main file as this version is to find it, and why it keeps an older schema if it does. */
export function mendedMain(given: { version: string; context: Pick<Ctx, 'view' | 'ascent'>; prepare: EditObject[] }): {
  edits: EditObject[]
  stays?: string | undefined
} {
  const { version, context, prepare } = given
  const text = context.view.peek(textReading(CONFIG))
  const old = typeof text === 'string' ? text : ''
  const before = [...prepare, ...(isOurs(old) ? [withdrawal] : [])]
  const ready = before.reduce((base, { fn }) => fn(base), old)
  const { edit, stays } = schemaMove(ready, context, version)
  return { edits: edit ? [...before, edit] : before, stays }
}

/** What a 1.x daemon had in the main file stands in the drop-in from now on. */
const withdrawal: EditObject = {
  kind: 'edit',
  path: CONFIG,
  id: 'withdraw',
  intent: 'nothing of kcharm’s in the main file',
  fn: (text) => (isOurs(text) ? edited({ text, wish: { handlers: [] } }) : text),
}

const isOurs = remembered((text: string) => text.includes('kcharm') && readConfig(text, { path: CONFIG }).schema === 2)

function inPlace(version: string, wish: Wish): HostObject {
  const words = intentOf(wish, readConfig(NEW_MAIN_1, { path: CONFIG, daemon: version }))
  return {
    kind: 'edit',
    path: CONFIG,
    id: 'cri',
    intent: words.join('; ') || 'nothing of kcharm’s',
    ground: NEW_MAIN_1,
    fn: (text) => (text === '' && isEmptyWish(wish) ? '' : edited({ text: text || NEW_MAIN_1, wish })),
    validate: { argv: ['containerd', '-c', '{new}', 'config', 'dump'] },
  }
}

const edited = remembered((given: { text: string; wish: Wish }) => editConfig(given.text, given.wish, { path: CONFIG }))

function dropIn(text: () => string, wish: Wish): FileObject {
  return {
    kind: 'file',
    path: DROP_IN,
    text,
    intent: intentOf(wish, readConfig(NEW_MAIN, { path: CONFIG })).join('; '),
    validate: {
      argv: ['containerd', '-c', '{new}', 'config', 'dump'],
      forbid: 'Ignoring unknown key',
    },
  }
}

const NEW_MAIN = 'version = 3\n'
const NEW_MAIN_1 = 'version = 2\n'
