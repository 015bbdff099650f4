import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseBundle } from '../../lib/model/bundle.ts'
import { charms } from './charms.ts'
import { faultsOf, refusalOf } from './refusals.ts'

interface Case {
  name: string
  text: string
  faults: string[]
}

const parse = (text: string) => parseBundle(text, { file: 'bundle.yaml', charms })
const cases = readCases()

function readCases(): Case[] {
  const all = readFileSync(new URL('bundle-faults.txt', import.meta.url), 'utf8')
  return all
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [name = '', ...lines] = part.trimEnd().split('\n')
      const isFault = (line: string) => line.startsWith('! ')
      return {
        name,
        text: lines.filter((line) => !isFault(line)).join('\n'),
        faults: lines.filter(isFault).map((line) => line.slice(2)),
      }
    })
}

test('the table holds more than sixty bundles', () => {
  expect(cases.length).toBeGreaterThan(100)
})

test.each(cases)('$name', ({ text, faults }) => {
  expect(faultsOf(() => parse(text))).toEqual(faults)
})

test.each(cases)('$name: one printable line per fault', ({ text }) => {
  for (const fault of faultsOf(() => parse(text))) expect(fault).toMatch(/^bundle\.yaml:\d+:\d+: [^\p{Cc}\p{Cf}]+$/u)
})

test('one error names the file and counts the faults', () => {
  expect(refusalOf(() => parse('a: 1\nb: 2\napplications: {c: {charm: containerd}}'))).toMatch(
    /^invalid-bundle: bundle\.yaml cannot be used: 2 faults\n/,
  )
  expect(refusalOf(() => parse('[]'))).toMatch(/^invalid-bundle: bundle\.yaml cannot be used: one fault\n/)
})

test('Windows line ends and a byte order mark do not move positions', () => {
  const text = '\ufeffapplications:\r\n  containerd:\r\n    charm: containrd\r\n'
  expect(faultsOf(() => parse(text))[0]).toMatch(/^bundle\.yaml:3:12: unknown charm "containrd"/)
  expect(faultsOf(() => parse('\ufeff5'))).toEqual(['bundle.yaml:1:1: got a number: expected a map'])
})

test('a bundle over 1 MiB is not parsed', () => {
  expect(faultsOf(() => parse('#'.repeat(1024 * 1024 + 1)))).toEqual([
    'bundle.yaml:1:1: too large: expected at most 1 MiB',
  ])
  expect(faultsOf(() => parse('é'.repeat(600_000)))[0]).toContain('too large')
})

test.each([
  ['[', 'bundle.yaml:1:101'],
  ['- ', 'bundle.yaml:1:200'],
  ['{a: ', 'bundle.yaml:1:398'],
  ['? ', 'bundle.yaml:1:200'],
])('nesting with %j is stopped before the parser overflows', (piece, at) => {
  expect(faultsOf(() => parse(piece.repeat(50_000)))).toEqual([`${at}: nested too deeply: expected at most 100 levels`])
})

test('aliases that multiply are refused', () => {
  const line = (n: number) => `a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(', ')}]\n`
  const bomb = `a0: &a0 [x]\n${Array.from({ length: 20 }, (_, n) => line(n + 1)).join('')}`
  expect(faultsOf(() => parse(bomb))).toEqual(['bundle.yaml:2:10: aliases multiply: expected at most 1000 uses'])
})

test('merges that multiply are refused', () => {
  const line = (n: number) => `a${n}: &a${n} {<<: [*a${n - 1}, *a${n - 1}, *a${n - 1}]}\n`
  const bomb = `a0: &a0 {x: 1}\n${Array.from({ length: 20 }, (_, n) => line(n + 1)).join('')}`
  expect(faultsOf(() => parse(bomb))).toEqual(['bundle.yaml:2:15: aliases multiply: expected at most 1000 uses'])
})

test('a hundred faults are listed, the others counted', () => {
  const text = `applications: {c: {charm: containerd}}\n${Array.from({ length: 150 }, (_, n) => `k${n}: 1\n`).join('')}`
  const faults = faultsOf(() => parse(text))
  expect(faults).toHaveLength(101)
  expect(faults[99]).toMatch(/^bundle\.yaml:101:1: unknown key "k99"/)
  expect(faults[100]).toBe('… and 50 more')
  expect(refusalOf(() => parse(text))).toContain('cannot be used: 150 faults')
})

test('the value of an option is never repeated, unless it looks like a version', () => {
  const options = 'password: [hunter2], version: {hunter3: x}, grace: hunter4, max_downloads: hunter5'
  const text = `applications: {c: {charm: containerd, options: {${options}}}}`
  expect(refusalOf(() => parse(text))).not.toMatch(/hunter[245]/)
})

test('what a URL or a broken line holds is not repeated', () => {
  const url = 'https://ann:hunter6@example.org/kata.zip?token=hunter7'
  const texts = [
    `applications: {k: {charm: kata, resources: {kata-static: "${url}"}}}`,
    'applications: {}}\nhunter8: x\n',
    'applications: {} hunter9',
  ]
  for (const text of texts) expect(refusalOf(() => parse(text))).not.toMatch(/hunter/)
})

test('whatever is damaged in a good bundle, the answer is a bundle or a list of faults', () => {
  const good = [
    'machines: {n1: , n2: {tags: [gpu]}}',
    'applications:',
    '  containerd: &c {charm: containerd, options: {source: auto, version: "1.7"}, to: [n1, tag=gpu]}',
    '  other: {<<: *c, to: all, num_units: 2}',
    '  kata: {charm: kata, resources: {kata-static: {path: ./k.tar.xz, sha256: "00"}}}',
    'relations: [[kata:runtime, containerd:handlers]]',
  ].join('\n')
  const pieces = [
    '[',
    ']',
    '{',
    '}',
    ':',
    '- ',
    '*c',
    '&c',
    '<<: ',
    '"',
    "'",
    '\n',
    '\t',
    '!!map',
    '#',
    '|',
    '0',
    'null',
    '---\n',
    '\u0000',
  ]
  let seed = 1
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below
  let refused = 0
  for (let round = 0; round < 500; round++) {
    const at = random(good.length)
    const damaged = good.slice(0, at) + (pieces[random(pieces.length)] ?? '') + good.slice(at + random(6))
    try {
      parse(damaged)
    } catch {
      refused += faultsOf(() => parse(damaged)).length > 0 ? 1 : 0
    }
  }
  expect(refused).toBeGreaterThan(300)
})
