import { expect, test } from 'vitest'
import { checkOptionNames, optionDocs, optionsInForce, parseOptions } from '../../lib/model/options.ts'
import { charms } from './charms.ts'
import { faultsOf, refusalOf } from './refusals.ts'

const { containerd, kata } = charms
if (!containerd || !kata) throw new Error('charms.ts has changed')

test.each([
  ['source', 'package', 'package'],
  ['version', '1.10', '1.10'],
  ['version', '', ''],
  ['version', 'true', 'true'],
  ['version', '[1]', '[1]'],
  ['oom_score', 'auto', 'auto'],
  ['oom_score', 'true', true],
  ['oom_score', 'false', false],
  ['max_downloads', '5', 5],
  ['ratio', '0.25', 0.25],
  ['ratio', '1e1', 10],
  ['mirrors', '', []],
  ['mirrors', 'a', ['a']],
  ['mirrors', 'a, b,c', ['a', 'b', 'c']],
  ['mirrors', '1,true', ['1', 'true']],
  ['mirrors', '["a,b", "c"]', ['a,b', 'c']],
  ['grace', '30s', '30s'],
  ['limits', '{"memory": "1G"}', { memory: '1G' }],
])('%s=%s is %j', (name, text, value) => {
  expect(parseOptions(containerd, { [name]: text })).toEqual({ [name]: value })
})

test.each([
  [
    'sorce',
    'auto',
    'unknown option "sorce": expected one of: source, version, oom_score, max_downloads, mirrors, grace, limits, ratio, password; did you mean "source"?',
  ],
  [
    'constructor',
    '1',
    'unknown option "constructor": expected one of: source, version, oom_score, max_downloads, mirrors, grace, limits, ratio, password',
  ],
  ['source', 'packge', '"packge" is not allowed (source): expected auto | package | archive; did you mean "package"?'],
  ['oom_score', 'yes', '"yes" is not allowed (oom_score): expected auto | true | false'],
  ['max_downloads', 'many', 'got text (max_downloads): expected a whole number from 1 to 64'],
  ['max_downloads', '', 'got text (max_downloads): expected a whole number from 1 to 64'],
  ['max_downloads', '0x10', 'got text (max_downloads): expected a whole number from 1 to 64'],
  ['max_downloads', '65', 'out of range (max_downloads): expected a whole number from 1 to 64'],
  ['max_downloads', '2.5', 'got a number (max_downloads): expected a whole number from 1 to 64'],
  ['mirrors', '[1]', 'got a number (mirrors[0]): expected text'],
  ['mirrors', '[a', 'got text (mirrors): expected a list of text'],
  ['grace', 'soon', 'not accepted (grace): expected a duration such as 30s'],
  ['limits', 'memory=1G', 'got text (limits): expected a map'],
  ['limits', '{"memry": 1}', 'unknown key "memry" (limits.memry): expected memory; did you mean "memory"?'],
])('%s=%s is refused', (name, text, fault) => {
  expect(faultsOf(() => parseOptions(containerd, { [name]: text }))).toEqual([fault])
})

test('a prototype in JSON is an unknown key', () => {
  expect(faultsOf(() => parseOptions(containerd, { limits: '{"__proto__": {"x": 1}, "memory": "1G"}' }))).toEqual([
    'unknown key "__proto__" (limits.__proto__): expected memory',
  ])
})

test('all wrong pairs are named at once', () => {
  expect(refusalOf(() => parseOptions(containerd, { sorce: 'x', version: '1', ratio: 'y' }))).toBe(
    [
      'invalid-option: containerd options cannot be used: 2 faults',
      'unknown option "sorce": expected one of: source, version, oom_score, max_downloads, mirrors, grace, limits, ratio, password; did you mean "source"?',
      'got text (ratio): expected a number over 0',
    ].join('\n'),
  )
})

test('a key to be reset must exist', () => {
  checkOptionNames(kata, ['preflight', 'handlers'])
  expect(faultsOf(() => checkOptionNames(kata, ['preflight', 'handler', 'toString']))).toEqual([
    'unknown option "handler": expected one of: preflight, handlers; did you mean "handlers"?',
    'unknown option "toString": expected one of: preflight, handlers',
  ])
})

test('what is set goes before the bundle, the bundle before the default', () => {
  const bundleOptions = { preflight: 'warn', handlers: ['a'] }
  expect(optionsInForce(kata, { bundleOptions: {}, setOptions: {} })).toEqual({
    preflight: 'block',
    handlers: ['kata'],
  })
  expect(optionsInForce(kata, { bundleOptions, setOptions: {} })).toEqual(bundleOptions)
  expect(optionsInForce(kata, { bundleOptions, setOptions: { preflight: 'block' } })).toEqual({
    preflight: 'block',
    handlers: ['a'],
  })
})

test('options that do not go together are refused, each being right by itself', () => {
  const together = { bundleOptions: { source: 'archive' }, setOptions: { version: '' } }
  expect(refusalOf(() => optionsInForce(containerd, together))).toBe(
    'invalid-option: containerd options cannot be used: one fault\nnot accepted (version): source: archive needs a version',
  )
  expect(optionsInForce(containerd, { ...together, setOptions: { version: '2.0' } })).toMatchObject({ version: '2.0' })
})

test('an option that the charm no longer has is refused', () => {
  expect(faultsOf(() => optionsInForce(kata, { bundleOptions: {}, setOptions: { preflght: 'warn' } }))[0]).toContain(
    'unknown option "preflght"',
  )
})

test('options are documented from their schema', () => {
  expect(optionDocs(kata)).toEqual([
    {
      path: 'preflight',
      type: 'block | warn',
      required: false,
      default: 'block',
      sentence: 'What a machine without KVM means.',
    },
    { path: 'handlers', type: 'list of text', required: false, default: ['kata'], sentence: 'The handlers.' },
  ])
  const types = Object.fromEntries(optionDocs(containerd).map(({ path, type }) => [path, type]))
  expect(types).toEqual({
    source: 'auto | package | archive',
    version: 'text',
    oom_score: 'auto | true | false',
    max_downloads: 'whole number from 1 to 64',
    mirrors: 'list of text',
    grace: 'text',
    limits: 'map',
    'limits.memory': 'text',
    ratio: 'number over 0',
    password: 'text',
  })
})
