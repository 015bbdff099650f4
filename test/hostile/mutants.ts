import { isMap, isScalar, isSeq, parseDocument, visit, type Document, type Pair, type YAMLMap } from 'yaml'
import { BUNDLES, INVENTORIES } from './good-files.ts'

export interface Mutant {
  which: 'bundle' | 'inventory'
  operator: string
  text: string
}

/** A fault put into a good file at one of the places where it fits; nothing where it fits nowhere. */
type Operator = (doc: Document, pick: Pick) => string | undefined
interface Pick {
  below(most: number): number
  of<T>(items: T[]): T | undefined
}

interface Entry {
  holder: YAMLMap
  pair: Pair
  key: string
  /** The keys from the top to the holder. */
  path: string
}

/** Every entry of every map that is the file's own: not below what a charm or a person names freely. */
function entriesOf(doc: Document): Entry[] {
  const found: Entry[] = []
  visit(doc, {
    Pair(_key, pair, way) {
      const holder = way.at(-1)
      if (!isMap(holder) || !isScalar(pair.key)) return
      const names = way.flatMap((node) => ('key' in node && isScalar(node.key) ? [String(node.key.value)] : []))
      found.push({ holder: holder as YAMLMap, pair: pair as Pair, key: String(pair.key.value), path: names.join('.') })
    },
  })
  return found
}

const where = (doc: Document, test: (entry: Entry) => boolean): Entry[] => entriesOf(doc).filter(test)

/** In these maps the keys are names of a person's choice. */
const isNamed = ({ path }: Entry): boolean =>
  /(^|\.)(vars|variables|applications|machines|groups|resources|map)$/.test(path)

function change(pick: Pick, entries: Entry[], edit: (entry: Entry) => void): boolean {
  const entry = pick.of(entries)
  if (entry) edit(entry)
  return entry !== undefined
}

const edited =
  (fits: (entry: Entry) => boolean, edit: (entry: Entry, doc: Document, pick: Pick) => void): Operator =>
  (doc, pick) =>
    change(pick, where(doc, fits), (entry) => edit(entry, doc, pick)) ? String(doc) : undefined

const valued =
  (fits: (entry: Entry) => boolean, ...values: unknown[]): Operator =>
  (doc, pick) =>
    edited(fits, ({ pair }) => void (pair.value = doc.createNode(pick.of(values))))(doc, pick)

const keyed =
  (...keys: string[]) =>
  (entry: Entry): boolean =>
    keys.includes(entry.key) && !isNamed(entry)

/** Text that is no YAML of one plain meaning, put before, into or behind a line. */
const torn =
  (tear: (line: string) => string): Operator =>
  (doc, pick) => {
    const lines = String(doc).split('\n').slice(0, -1)
    const at = pick.of([...lines.keys()].filter((index) => /^\s*[\w-]+: \S/.test(lines[index] ?? ''))) ?? 0
    return lines.toSpliced(at, 1, tear(lines[at] ?? '')).join('\n')
  }

const OPERATORS: Record<string, Operator> = {
  'a key misspelt': edited(
    (entry) => !isNamed(entry) && !/\.(options|extra)\b/.test(`.${entry.path}`),
    ({ pair, key }, doc) => void (pair.key = doc.createNode(`${key}x`)),
  ),
  'an option misspelt': edited(
    ({ path }) => path.endsWith('.options'),
    ({ pair, key }, doc) => void (pair.key = doc.createNode(`${key}_`)),
  ),
  'a key too many': edited(
    (entry) => !isNamed(entry),
    ({ holder }, doc) => void holder.add(doc.createPair('frobnicate', 1)),
  ),
  'a needed key gone': edited(keyed('charm', 'address', 'name'), ({ holder, key }) => void holder.delete(key)),
  'an unknown charm': valued(keyed('charm'), 'containrd', '', '../x'),
  'nothing as a value': valued(keyed('charm', 'options', 'applications', 'relations', 'groups', 'name', 'tags'), null),
  'a list as a value': valued(keyed('charm', 'description', 'name', 'address', 'user', 'port', 'key'), ['a'], []),
  'a number as a value': valued(keyed('charm', 'options', 'relations', 'tags', 'address', 'user', 'groups'), 7, 1.5),
  'text as a value': valued(
    keyed('options', 'applications', 'machines', 'relations', 'tags', 'resources', 'port'),
    'x',
  ),
  'a number out of range': valued(keyed('num_units', 'port'), -1, 70_000, 1.5),
  'an unknown machine': valued(keyed('to'), 'n9', ['n9'], 'tag=', 'rack='),
  'a machine twice': valued(keyed('to'), ['n1', 'n1'], ['all', 'n1']),
  'relation ends': valued(
    keyed('relations'),
    [['kata']],
    [['kata', 'nobody']],
    [['kata:x', 'containerd']],
    ['kata'],
    [[1, 2]],
  ),
  'a relation twice': valued(keyed('relations'), [
    ['kata', 'containerd'],
    ['containerd', 'kata:runtime'],
  ]),
  'an unknown variable': valued(keyed('charm', 'to', 'num_units', 'options'), '${nobody}', '${', '${a b}'),
  'an unused variable': edited(
    keyed('applications'),
    ({ holder }, doc) => void holder.set('vars', doc.createNode({ nobody_uses: 1 })),
  ),
  'a file that is not there': edited(
    ({ key, path }) => key === 'options' && path.startsWith('applications'),
    ({ pair }, doc) => void (pair.value = doc.createNode({ version: 'include-file://gone/nowhere' })),
  ),
  'a resource without a place': valued(
    keyed('resources'),
    { archive: {} },
    { nobody: 'x' },
    { kata: { url: 'ftp://x' } },
  ),
  'an unknown group': valued(keyed('groups'), ['nobody']),
  'a secret in plain text': edited(
    keyed('address'),
    ({ holder }, doc) => void holder.add(doc.createPair('password', 'hunter2')),
  ),
  'a machine of the same name': edited(
    ({ key, path }) => key === 'machines' && path === '',
    ({ pair }) => isSeq(pair.value) && void pair.value.items.push(pair.value.items[0]),
  ),
  'a name that no shell should see': edited(keyed('name', 'address'), ({ pair }, doc, pick) => {
    pair.value = doc.createNode(pick.of(['-oProxyCommand=x', '$(touch x)', 'a b', 'a\nb', 'a;b', '']))
  }),
  'an application’s name': edited(
    ({ path }) => path === 'applications',
    ({ pair }, doc, pick) => void (pair.key = doc.createNode(pick.of(['Kata', 'a/b', 'a b', '-a', '$(x)', 'all']))),
  ),
  'a key twice': torn((line) => `${line}\n${line}`),
  'an open quote': torn((line) => line.replace(/: .*/, ': "open')),
  'an open bracket': torn((line) => line.replace(/: .*/, ': [open')),
  'a closing bracket': torn((line) => `${line}\n]}`),
  'a tab': torn((line) => `\t${line}`),
  'a tag': torn((line) => line.replace(': ', ': !!js/function ')),
  'an unknown alias': torn((line) => line.replace(/: .*/, ': *nobody')),
  'a circle': torn((line) => line.replace(/: .*/, ': &c [*c]')),
  'a control byte': torn((line) => line.replace(/: .*/, ': "a\u0000b"').replace('"a', 'a')),
  'a merge of nothing': torn((line) => `${line}\n${/^\s*/.exec(line)?.[0] ?? ''}<<: 1`),
  'a document that is none': () => '- just\n- a list\n',
  'another document': (doc) => `${String(doc)}---\nfrobnicate: 1\n`,
}

/** So many different ones of both kinds, the same for the same seed. */
export function mutants(seed: number, count: number): Mutant[] {
  let state = seed
  const below = (most: number): number => (state = (state * 48271) % 2147483647) % most
  const pick: Pick = { below, of: (items) => items[below(Math.max(1, items.length))] }
  const found = new Map<string, Mutant>()
  const operators = Object.entries(OPERATORS)
  for (let turn = 0; found.size < count && turn < count * 50; turn++) {
    const [operator, make] = operators[turn % operators.length] as [string, Operator]
    const which = below(3) === 0 ? 'inventory' : 'bundle'
    const good = pick.of(which === 'bundle' ? BUNDLES : INVENTORIES) ?? ''
    const text = make(parseDocument(good), pick)
    if (text !== undefined && text !== String(parseDocument(good))) found.set(text, { which, operator, text })
  }
  return [...found.values()]
}
