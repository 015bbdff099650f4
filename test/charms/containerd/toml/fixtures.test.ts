import { expect, test } from 'vitest'
import {
  editConfig,
  readConfig,
  refusalOf,
  renderDropIn,
  setImport,
  type Refusal,
} from '../../../../charms/containerd/toml/index.ts'
import { lookup, parseToml, type Table } from '../../../../charms/containerd/toml/parse.ts'
import { KcharmError } from '../../../../lib/errors/index.ts'
import { DROP_IN, edited, HANDLER, MAIN, OUTCOMES, readFixtures, type Refused } from './fixtures.ts'

const fixtures = readFixtures()
const WISH = { handlers: [HANDLER] }
const TABLE = {
  runtime_type: HANDLER.runtimeType,
  runtime_path: HANDLER.runtimePath,
  privileged_without_host_devices: true,
  pod_annotations: HANDLER.podAnnotations,
  container_annotations: HANDLER.containerAnnotations,
  options: { ConfigPath: HANDLER.configPath },
}
const GRPC = ['plugins', 'io.containerd.grpc.v1.cri', 'containerd', 'runtimes']

test('each real file has one expected outcome', () => {
  if (fixtures.size > 0) expect([...fixtures.keys()].toSorted()).toEqual(Object.keys(OUTCOMES))
  const counts = { edited: 0, 'refused with line:column': 0, 'refused with the way out': 0 }
  for (const name of fixtures.keys()) counts[kindOf(name)]++
  console.log(`containerd fixtures: ${JSON.stringify(counts)}`)
  if (fixtures.size > 0) expect(counts.edited).toBeGreaterThanOrEqual(20)
})

const inPlace = edited(fixtures).filter(([, text]) => schemaOf(text) === 2)

test.each(inPlace)('in place, %s: added, added again, removed', (_name, text) => {
  const with_ = editConfig(text, WISH, { path: MAIN })
  expect(parseToml(with_, MAIN)).toEqual(expectedOf(text))
  expect(editConfig(with_, WISH, { path: MAIN })).toBe(with_)
  expect(editConfig(with_, { handlers: [] }, { path: MAIN })).toBe(text)
})

test.each(inPlace)('in place, %s: keeps each byte and line end around the new lines', (_name, text) => {
  const with_ = editConfig(text, WISH, { path: MAIN })
  expect(isInterleaved(text, with_)).toBe(true)
  expect(text.includes('\r\n')).toBe(!/[^\r]\n/.test(with_))
})

test.each(inPlace)('in place, %s: with a second handler and settings, and back', (_name, text) => {
  const wish = {
    handlers: [HANDLER, { ...HANDLER, name: 'kcharm-2' }],
    restrictOom: true as const,
    pauseImage: 'p:1',
  }
  const first = editConfig(text, WISH, { path: MAIN })
  const second = editConfig(first, wish, { path: MAIN })
  const cri = lookup(parseToml(second, MAIN), GRPC.slice(0, 2))
  expect(lookup(cri, ['restrict_oom_score_adj'])).toBe(true)
  expect(lookup(cri, ['sandbox_image'])).toBe('p:1')
  expect(Object.keys(readConfig(second, { path: MAIN, daemon: '1.7' }).runtimes ?? {})).toContain('kcharm-2')
  expect(editConfig(second, wish, { path: MAIN })).toBe(second)
  expect(editConfig(second, WISH, { path: MAIN })).toBe(first)
  expect(editConfig(second, { handlers: [] }, { path: MAIN })).toBe(text)
})

test.each(edited(fixtures))('by drop-in, %s: imported, imported again, removed', (_name, text) => {
  const facts = readConfig(text, { path: MAIN, daemon: '2.3.7' })
  const dropIn: unknown = parseToml(renderDropIn(facts, WISH), DROP_IN)
  expect(dropIn).toEqual({
    version: facts.schema,
    plugins: { [facts.plugin]: { containerd: { runtimes: { [HANDLER.name]: TABLE } } } },
  })
  const main = setImport(text, DROP_IN, { path: MAIN, present: true })
  const imports = readConfig(main, { path: MAIN }).imports
  expect(imports).toContain('/etc/containerd/conf.d/*.toml')
  expect(parseToml(main, MAIN)).toEqual({ ...parseToml(text, MAIN), imports })
  expect(setImport(main, DROP_IN, { path: MAIN, present: true })).toBe(main)
  expect(setImport(main, DROP_IN, { path: MAIN, present: false })).toBe(text)
})

const invalid = [...fixtures].filter(([name]) => OUTCOMES[name]?.startsWith('invalid '))
const refused = [...fixtures].filter(([name]) => kindOf(name) === 'refused with the way out')

test.each(invalid)('%s is refused with file, line and column', (name, text) => {
  const place = OUTCOMES[name]?.replace('invalid ', '') ?? ''
  for (const act of [
    () => readConfig(text, { path: MAIN }),
    () => editConfig(text, WISH, { path: MAIN }),
    () => setImport(text, DROP_IN, { path: MAIN, present: true }),
  ]) {
    expect(act).toThrow(KcharmError)
    expect(act).toThrow(`${MAIN}:${place}: not valid TOML: `)
  }
})

test.each(refused)('%s is refused with the way out', (name, text) => {
  for (const daemon of ['1.6.20', '2.3.7']) {
    const refusal = refusalOf(readConfig(text, { path: MAIN, daemon }))
    expect(reasonOf(refusal, { name, daemon })).toBe(true)
    expect(refusal?.wayOut).not.toBe('')
  }
})

test.each(edited(fixtures))('%s is not refused for the daemons that can read it', (name, text) => {
  const read = ['1.6.20', '1.7.24', '2.3.7'].filter((daemon) => !refusalOf(readConfig(text, { path: MAIN, daemon })))
  const schema = schemaOf(text)
  expect(read).toEqual(
    schema > 2 ? ['2.3.7'] : name === '64-derived-utf8-bom' ? ['1.6.20', '1.7.24'] : ['1.6.20', '1.7.24', '2.3.7'],
  )
})

/** What an outcome's refusal says; a schema that 1.x does not know comes before CRI. */
function reasonOf(refusal: Refusal | undefined, { name, daemon }: { name: string; daemon: string }): boolean {
  const outcome = OUTCOMES[name]
  const words: Record<string, string> = {
    'no version': 'has no `version` line',
    k3s: 'anew by k3s',
    rke2: 'anew by rke2',
    'CRI disabled': daemon.startsWith('1.') ? 'is of schema 3' : 'disables CRI',
  } satisfies Record<Refused, string>
  return refusal?.why.includes(words[outcome ?? ''] ?? 'no such outcome') ?? false
}

function kindOf(name: string): 'edited' | 'refused with line:column' | 'refused with the way out' {
  const outcome = OUTCOMES[name]
  if (outcome === 'edited') return 'edited'
  return outcome?.startsWith('invalid ') ? 'refused with line:column' : 'refused with the way out'
}

/** On 1.x the first declared runtime hides runc: it comes along where the file declares none. */
function expectedOf(text: string): Table {
  const config = parseToml(text, MAIN)
  const there = lookup(config, GRPC)
  const runtimes = there === undefined ? { runc: { runtime_type: 'io.containerd.runc.v2' } } : there
  return merged(config, [...GRPC], { ...Object(runtimes), [HANDLER.name]: TABLE })
}

function merged(table: Table, [key = '', ...rest]: string[], value: Table): Table {
  const inner = lookup(table, [key])
  return { ...table, [key]: rest.length === 0 ? value : merged({ ...Object(inner) }, rest, value) }
}

/** Whether `whole` is `part` with text put in between. */
function isInterleaved(part: string, whole: string): boolean {
  let at = 0
  for (const character of whole) if (part.startsWith(character, at)) at += character.length
  return at === part.length
}

function schemaOf(text: string): number {
  return readConfig(text, { path: MAIN }).schema
}
