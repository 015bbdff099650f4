import { expect, test } from 'vitest'
import { bundleFields, parseBundle, type Bundle } from '../../lib/model/bundle.ts'
import { charms } from './charms.ts'

const parse = (text: string): Bundle => parseBundle(text, { file: '/srv/deploy/bundle.yaml', charms })
const placementOf = (lines: string) =>
  parse(`applications:\n  c: {charm: containerd, ${lines}}`).applications['c']?.placement

test('a whole bundle', () => {
  const bundle = parse(`description: Two charms.
machines:
  n1:
  n2: {tags: [gpu]}
applications:
  containerd:
    charm: containerd
    options: {version: "1.10", max_downloads: 5}
    to: [n1, tag=gpu]
  kata:
    charm: kata
    resources:
      kata-static: files/kata-static.tar.xz
relations:
- [kata, containerd]
`)
  expect(bundle).toEqual({
    file: '/srv/deploy/bundle.yaml',
    description: 'Two charms.',
    machines: {
      n1: { tags: [], at: '/srv/deploy/bundle.yaml:3:3' },
      n2: { tags: ['gpu'], at: '/srv/deploy/bundle.yaml:4:7' },
    },
    applications: {
      containerd: {
        charm: 'containerd',
        options: { version: '1.10', max_downloads: 5 },
        resources: {},
        placement: {
          targets: [
            { machine: 'n1', at: '/srv/deploy/bundle.yaml:9:10' },
            { tag: 'gpu', at: '/srv/deploy/bundle.yaml:9:14' },
          ],
          at: '/srv/deploy/bundle.yaml:9:9',
        },
        at: '/srv/deploy/bundle.yaml:7:12',
      },
      kata: {
        charm: 'kata',
        options: {},
        resources: { 'kata-static': { from: '/srv/deploy/files/kata-static.tar.xz' } },
        placement: { targets: [], at: '/srv/deploy/bundle.yaml:10:3' },
        at: '/srv/deploy/bundle.yaml:11:12',
      },
    },
    relations: [
      { provider: { app: 'containerd', endpoint: 'handlers' }, requirer: { app: 'kata', endpoint: 'runtime' } },
    ],
  })
})

test('options stay as they were given: defaults are not the bundle’s', () => {
  expect(parse('applications: {c: {charm: containerd}}').applications['c']?.options).toEqual({})
})

test.each([
  ['options: {}', 'all', undefined],
  ['to: all', 'all', undefined],
  ['num_units: 2', 'all', 2],
  ['to: all, num_units: 2', 'all', 2],
  ['num_units: 0', 'all', 0],
])('%s means %j, first %j', (text, targets, units) => {
  expect(placementOf(text)).toMatchObject(units === undefined ? { targets } : { targets, units })
})

test.each([
  ['to: n1', [{ machine: 'n1' }]],
  ['to: ["0", 1, n2]', [{ machine: '0' }, { machine: '1' }, { machine: 'n2' }]],
  ['to: tag=gpu', [{ tag: 'gpu' }]],
  ['to: [tag=a, tag=b, n1]', [{ tag: 'a' }, { tag: 'b' }, { machine: 'n1' }]],
])('%s means %j', (text, targets) => {
  expect(placementOf(text)).toMatchObject({ targets })
})

test.each([
  ['./kata.tar.xz', '/srv/deploy/kata.tar.xz'],
  ['../kata.tar.zst', '/srv/kata.tar.zst'],
  ['/opt/kata.tar.xz', '/opt/kata.tar.xz'],
  ['https://example.org/kata.tar.xz?download=1', 'https://example.org/kata.tar.xz?download=1'],
  ['{path: kata.tar.xz}', '/srv/deploy/kata.tar.xz'],
  ['{url: "http://example.org/kata.tar.xz"}', 'http://example.org/kata.tar.xz'],
])('resource %s comes from %s', (written, from) => {
  const bundle = parse(`applications:\n  kata: {charm: kata, resources: {kata-static: ${written}}}`)
  expect(bundle.applications['kata']?.resources).toEqual({ 'kata-static': { from } })
})

test('a digest is kept in lower case', () => {
  const digest = 'ABCDEF'.repeat(10) + '0123'
  const bundle = parse(
    `applications: {k: {charm: kata, resources: {kata-static: {path: a.tar.xz, sha256: ${digest}}}}}`,
  )
  expect(bundle.applications['k']?.resources['kata-static']?.sha256).toBe(digest.toLowerCase())
})

test('merge keys and anchors are understood', () => {
  const { applications } = parse(`applications:
  a: &base {charm: containerd, options: {source: package}, to: n1}
  b: {<<: *base, to: n2}
`)
  expect(applications['b']).toMatchObject({
    charm: 'containerd',
    options: { source: 'package' },
    placement: { targets: [{ machine: 'n2' }] },
  })
})

test('endpoints are found, whatever the order of the ends', () => {
  const one = parse('applications: {c: {charm: containerd}, k: {charm: kata}}\nrelations: [[c, k]]')
  const other = parse(
    'applications: {c: {charm: containerd}, k: {charm: kata}}\nrelations: [["k:runtime", "c:handlers"]]',
  )
  expect(one.relations).toEqual(other.relations)
})

test('without machines there are none in the bundle', () => {
  expect(parse('applications: {c: {charm: containerd, to: anything}}')).not.toHaveProperty('machines')
  expect(parse('machines: {}\napplications: {c: {charm: containerd}}').machines).toEqual({})
})

test('every field of the reference has a type and a sentence', () => {
  const fields = bundleFields()
  expect(fields.map(({ path }) => path)).toEqual([
    'description',
    'vars',
    'applications',
    'applications.NAME',
    'applications.NAME.charm',
    'applications.NAME.options',
    'applications.NAME.resources',
    'applications.NAME.resources.NAME',
    'applications.NAME.resources.NAME.path',
    'applications.NAME.resources.NAME.url',
    'applications.NAME.resources.NAME.sha256',
    'applications.NAME.resources.NAME.fetch',
    'applications.NAME.to',
    'applications.NAME.num_units',
    'relations',
    'relations[]',
    'machines',
    'machines.NAME',
    'machines.NAME.tags',
    'rollout',
    'rollout.canary',
    'rollout.max-unavailable',
    'rollout.soak',
  ])
  for (const { sentence, type } of fields) {
    expect(sentence).toMatch(/\.$/)
    expect(type).not.toBe('any value')
  }
  expect(fields.filter(({ required }) => required).map(({ path }) => path)).toEqual([
    'applications',
    'applications.NAME.charm',
  ])
})

const withRollout = (lines: string) => `applications:\n  c: {charm: containerd}\nrollout: {${lines}}\n`

test('how another version goes over the machines', () => {
  expect(parse(withRollout('canary: 2, max-unavailable: 3, soak: 60s')).rollout).toEqual({
    canary: 2,
    'max-unavailable': '3',
    soak: '60s',
  })
  expect(parse(withRollout('max-unavailable: 12.5%')).rollout).toEqual({ 'max-unavailable': '12.5%' })
})

test.each(['canary: -1', 'max-unavailable: 0%', 'max-unavailable: 101%', 'max-unavailable: 0', 'soak: 1d', 'wave: 2'])(
  'a rollout with %s is refused in its place',
  (lines) => {
    expect(() => parse(withRollout(lines))).toThrow(
      expect.objectContaining({
        code: 'invalid-bundle',
        detail: expect.objectContaining({
          faults: [expect.stringMatching(/bundle\.yaml:3:\d+: .*\(rollout\./)],
        }) as object,
      }),
    )
  },
)
