import { expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { exportBundle } from '../../lib/model/export-bundle.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import { emptyModel } from '../../lib/model/declaration.ts'
import { escaped } from '../../lib/model/variables.ts'
import { renderBundle } from '../../lib/report/bundle-text.ts'
import { charms } from './charms.ts'
import { faultsOf } from './refusals.ts'

const FILES: Record<string, string | Buffer> = {
  '/b/ca.pem': 'PEM ${x} text\n',
  '/o/ca.pem': 'of the overlay',
  '/b/raw': Buffer.from([0xff, 0x00, 0x0a]),
}

const parse = (text: string, ...overlays: string[]) =>
  parseBundle(text, {
    file: '/b/bundle.yaml',
    charms,
    overlays: overlays.map((each) => ({ file: '/o/over.yaml', text: each })),
    read: (path) => (FILES[path] === undefined ? { fault: `no ${path}` } : { bytes: Buffer.from(FILES[path]) }),
  })

const app = (options: string, vars = '', ...overlays: string[]) =>
  parse(`${vars}\napplications:\n  c: { charm: containerd, options: ${options} }\n`, ...overlays).applications['c']
    ?.options

const faults = (options: string, vars = '') => faultsOf(() => app(options, vars))

test('alone a reference is the value with its type; beside text it is its words', () => {
  const vars = 'vars: { n: 7, list: [a, b], map: { memory: 1G }, word: x y, version: 1.10, yes: true }'
  const options =
    '{ max_downloads: "${n}", mirrors: "${list}", limits: "${map}", version: "v${version}-${word}-${yes}", password: "$${n} $$${n}" }'
  expect(app(options, vars)).toEqual({
    max_downloads: 7,
    mirrors: ['a', 'b'],
    limits: { memory: '1G' },
    version: 'v1.10-x y-true',
    password: '${n} $${n}',
  })
})

test('a reference inside a list or a map; in num_units, to and a resource', () => {
  const { applications } = parse(`vars: { n: 2, nodes: [n1, n2], v: "1.7" }
machines: { n1: , n2: }
applications:
  c:
    charm: containerd
    num_units: \${n}
    to: \${nodes}
    options: { mirrors: [a, "m\${n}"], limits: { memory: "\${n}G" } }
    resources: { archive: "dir/c-\${v}.tar.gz" }
`)
  const { options, placement, resources } = applications['c'] ?? {}
  expect(options).toEqual({ mirrors: ['a', 'm2'], limits: { memory: '2G' } })
  expect(placement?.units).toBe(2)
  expect(placement?.targets).toMatchObject([{ machine: 'n1' }, { machine: 'n2' }])
  expect(resources?.['archive']?.from).toBe('/b/dir/c-1.7.tar.gz')
})

test('an overlay gives another value, and a variable of an application that it removes was used', () => {
  expect(app('{ max_downloads: "${n}" }', 'vars: { n: 1 }', 'vars: { n: 5 }')).toEqual({ max_downloads: 5 })
  const two =
    'vars: { n: 3 }\napplications: { c: { charm: containerd }, d: { charm: containerd, options: { max_downloads: "${n}" } } }'
  expect(Object.keys(parse(two, 'applications: { d: null }').applications)).toEqual(['c'])
})

test.each<[string, string, string, string]>([
  [
    'an unknown one',
    '{ version: "${relaese}" }',
    'vars: { release: 1 }',
    'bundle.yaml:3:47: unknown variable "relaese" (applications.c.options.version): expected release; did you mean "release"?',
  ],
  [
    'one without vars',
    '{ version: "${x}" }',
    '',
    'bundle.yaml:3:47: unknown variable "x" (applications.c.options.version): the bundle has no vars; a plain "${" is written "$${"',
  ],
  [
    'one without an end',
    '{ version: "a ${x" }',
    'vars: { x: 1 }',
    'bundle.yaml:3:47: a reference that names no variable',
  ],
  [
    'one without a name',
    '{ version: "${}" }',
    'vars: { x: 1 }',
    'bundle.yaml:3:47: a reference that names no variable',
  ],
  ['a list beside text', '{ version: "v${x}" }', 'vars: { x: [a] }', 'bundle.yaml:3:47: variable "x" is a list'],
  [
    'one that is not used',
    '{}',
    'vars: { n: 1 }',
    'bundle.yaml:1:9: variable "n" is not used (vars.n): expected ${NAME} of it in an application',
  ],
  [
    'one that is nothing',
    '{ version: "${n}" }',
    'vars: { n: }',
    'bundle.yaml:1:9: got nothing (vars.n): expected text, number, true | false, list or map',
  ],
  ['a name that is none', '{}', 'vars: { a b: 1 }', 'bundle.yaml:1:9: name "a b" is not allowed'],
  [
    'one that refers to another',
    '{ version: "${a}" }',
    'vars: { a: "${a}" }',
    'bundle.yaml:1:12: a variable refers to a variable',
  ],
  [
    'a value of another type',
    '{ max_downloads: "${n}" }',
    'vars: { n: many }',
    'bundle.yaml:3:53: got text (applications.c.options.max_downloads)',
  ],
  [
    'a number where text is expected, as it is written',
    '{ version: "${v}" }',
    'vars: { v: 1.10 }',
    'expected text; write it in quotes: "1.10"',
  ],
])('a fault has its place: %s', (_, options, vars, says) => {
  expect(faults(options, vars).join('\n')).toContain(says)
})

test('a reference that failed is one fault', () => {
  expect(faults('{ max_downloads: "${m}" }', 'vars: { n: 1 }').map((each) => each.split(' (')[0])).toEqual([
    '/b/bundle.yaml:1:9: variable "n" is not used',
    '/b/bundle.yaml:3:53: unknown variable "m"',
  ])
})

test('a file is included as it is, from beside the file that says so', () => {
  expect(app('{ password: "include-file://ca.pem", version: "include-base64://raw" }')).toEqual({
    password: 'PEM ${x} text\n',
    version: '/wAK',
  })
  const over = 'applications: { c: { options: { password: "include-file://ca.pem" } } }'
  expect(app('{}', '', over)).toEqual({ password: 'of the overlay' })
})

test('a variable may be a file, and a file’s path may hold a variable', () => {
  expect(app('{ password: "<${ca}>" }', 'vars: { ca: "include-file://ca.pem" }')).toEqual({
    password: '<PEM ${x} text\n>',
  })
  expect(app('{ password: "include-file://${n}.pem" }', 'vars: { n: ca }')).toEqual({ password: 'PEM ${x} text\n' })
})

test.each([
  [
    'a file that is not there',
    'include-file://gone',
    'cannot include "gone" (applications.c.options.version): no /b/gone',
  ],
  ['bytes that are no text', 'include-file://raw', 'it is not UTF-8; use include-base64://'],
  ['no path', 'include-file://', 'expected include-file://PATH'],
])('an include is refused in its place: %s', (_, text, says) => {
  const [fault] = faults(`{ version: "${text}" }`)
  expect(fault).toMatch(/^\/b\/bundle\.yaml:3:47: /)
  expect(fault).toContain(says)
})

test('what variables bring in together has a bound, and is refused before it is made', () => {
  const uses = Array.from({ length: 1000 }, () => '${x}').join('')
  const text = `vars: { x: ${'x'.repeat(100_000)} }\napplications:\n  c: { charm: containerd, options: { version: "${uses}" } }\n`
  expect(faultsOf(() => parse(text))).toEqual([
    '/b/bundle.yaml:3:47: variables and files grow too large (applications.c.options.version): expected at most 8 MiB in all',
  ])
})

test.each(['${n}', '$${n}', '$$${', 'plain', '${', '$', 'a$${b${c}'])(
  'what is exported is read back as it was: %s',
  (password) => {
    const application = {
      name: 'c',
      charm: 'containerd',
      bundleOptions: { password },
      setOptions: {},
      resources: {},
      machines: [],
      life: 'present' as const,
    }
    const text = renderBundle(exportBundle({ ...emptyModel('m', 'id'), applications: { c: application } }))
    expect(parse(text).applications['c']?.options).toEqual({ password })
    expect(parseYaml(text)).toMatchObject({ applications: { c: { options: { password: escaped(password) } } } })
  },
)
