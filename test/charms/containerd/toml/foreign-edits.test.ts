import { describe, expect, test } from 'vitest'
import { editConfig, readConfig, setImport, type Wish } from '../../../../charms/containerd/toml/index.ts'
import { parseToml } from '../../../../charms/containerd/toml/parse.ts'
import { eolOf } from '../../../../charms/containerd/toml/text-cut.ts'
import { DROP_IN, edited, HANDLER, MAIN, readFixtures } from './fixtures.ts'
import { foreignEdits, randomFrom } from './foreign-edits.ts'

type Fn = (text: string) => string

const SMALL: [string, string][] = [
  ['a version alone', 'version = 2'],
  [
    'an inline plugins table',
    `version = 2\nplugins = { "io.containerd.grpc.v1.cri" = { containerd = { runtimes = {} } } }\n`,
  ],
  [
    'dotted keys',
    `version = 2\nplugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.runtime_type = "io.containerd.runc.v2"\n`,
  ],
  [
    'an inline table and a comment',
    `version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n containerd.runtimes = { } # x\n`,
  ],
  ['a bare header at the end', `version = 2\r\n[plugins."io.containerd.grpc.v1.cri"]`],
  ['imports on several lines', `version = 2\nimports = [\n\t"/etc/other/*.toml", # mine\n]\n`],
]
const texts = [...SMALL, ...edited(readFixtures())]

/** Settings are refused inside inline tables. */
const CLOSED = ['an inline plugins table', '63-derived-inline-tables']

const WISHES: Record<string, Wish> = {
  'a handler': { handlers: [HANDLER] },
  'two handlers and settings': {
    handlers: [HANDLER, { name: 'kcharm-2', runtimeType: 'io.containerd.x.v2', runtimePath: '/x' }],
    restrictOom: true,
    pauseImage: 'registry.example/pause:"3"',
    systemdCgroup: true,
  },
}

const inPlace = texts.filter(([, text]) => readConfig(text, { path: MAIN }).schema === 2)

describe.each(Object.entries(WISHES))('a wish for %s', (words, wish) => {
  const reachable = inPlace.filter(([name]) => words === 'a handler' || !CLOSED.includes(name))

  test.each(reachable)('%s: is not moved by foreign lines and comes out from between them', (_name, text) => {
    obeys(text, {
      add: (before) => editConfig(before, wish, { path: MAIN }),
      remove: (after) => editConfig(after, { handlers: [] }, { path: MAIN }),
    })
  })
})

test.each(texts)('%s: the import is not moved by foreign lines and comes out from between them', (_name, text) => {
  obeys(text, {
    add: (before) => setImport(before, DROP_IN, { path: MAIN, present: true }),
    remove: (after) => setImport(after, DROP_IN, { path: MAIN, present: false }),
  })
})

function obeys(text: string, { add, remove }: { add: Fn; remove: Fn }): void {
  const ours = add(text)
  expect(add(ours)).toBe(ours)
  expect(remove(ours)).toBe(text)
  const seeds = text.length < 200 ? 60 : 4
  for (let seed = 1; seed <= seeds; seed++) {
    const after = foreignEdits(ours, randomFrom(seed))
    expect(parseToml(after.text, MAIN), `seed ${seed}`).toBeDefined()
    expect(add(after.text), `seed ${seed}: ours stays where it is`).toBe(after.text)
    const left = remove(after.text)
    expect(without(left, after.added), `seed ${seed}: ours alone goes`).toBe(ended(text))
    expect(remove(left), `seed ${seed}: nothing is left to remove`).toBe(left)

    const before = foreignEdits(text, randomFrom(seed))
    expect(remove(add(before.text)), `seed ${seed}: foreign lines before ours`).toBe(before.text)
  }
}

/** Each foreign piece must be there exactly once, in one piece. */
function without(text: string, pieces: string[]): string {
  return pieces.reduceRight((left, piece) => {
    expect(left.split(piece)).toHaveLength(2)
    return left.replace(piece, () => '')
  }, ended(text))
}

/** With a last line end: whoever adds lines to a file without one adds that as well, and who takes lines out may leave it. */
function ended(text: string): string {
  return text.endsWith('\n') ? text : text + eolOf(text)
}
