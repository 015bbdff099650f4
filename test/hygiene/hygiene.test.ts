import { expect, test } from 'vitest'
import { anyTypes, longFiles, silencedChecks, skippedTests } from './code.ts'
import { importCycles, wrongImports } from './imports.ts'
import { machinePaths, resolvedPackages, unknownHosts } from './places.ts'
import { readSources, type Source } from './sources.ts'

/** Samples with faults would be found in this folder, so it is left out; its files are under the compiler and the linter. */
const sources = readSources()
const others = sources.filter(({ path }) => !path.startsWith('test/hygiene/'))

/** A rule of the project: what it looks at, and a planted fault with what the rule must say of it. */
interface Rule {
  find: (sources: Source[]) => string[]
  planted: Record<string, string>
  said: string[]
}

const rules: Record<string, Rule> = {
  'imports point one way': {
    find: wrongImports,
    planted: {
      'lib/model/x.ts': `import { a } from '../host/file.ts'\nimport { readFile } from 'node:fs/promises'`,
      'lib/plan/x.ts': `export type { A } from '../run/sites.ts'`,
      'lib/lab/x.ts': `import '../ssh/session.ts'`,
      'lib/cli/commands/x.ts': `const { a } = await import('../../ssh/session.ts')`,
      'charms/x/charm.ts': `import { b } from '../../lib/run/sites.ts'\nimport ssh from 'ssh2/lib/client.js'`,
      'lib/new/x.ts': '',
    },
    said: [
      'lib/model/x.ts: model imports host',
      'lib/model/x.ts: model uses node:fs/promises',
      'lib/plan/x.ts: plan imports run',
      'lib/lab/x.ts: lab imports ssh',
      'lib/cli/commands/x.ts: cli imports ssh',
      'charms/x/charm.ts: charms imports run',
      'charms/x/charm.ts: charms uses ssh2/lib/client.js',
      'lib/new/x.ts: new is no area that the table of imports knows',
    ],
  },
  'imports have no cycles': {
    find: importCycles,
    planted: {
      'lib/model/a.ts': `import { b } from './deep/b.ts'`,
      'lib/model/deep/b.ts': `import type { c } from '../c.ts'`,
      'lib/model/c.ts': `const a = import('./a.ts')`,
      'lib/model/d.ts': `import './a.ts'`,
    },
    said: ['lib/model/a.ts -> lib/model/deep/b.ts -> lib/model/c.ts -> lib/model/a.ts'],
  },
  'no file of the product is long': {
    find: longFiles,
    planted: { 'lib/a.ts': 'x\n'.repeat(301), 'lib/b.ts': 'x\n'.repeat(300), 'test/c.ts': 'x\n'.repeat(301) },
    said: ['lib/a.ts: 301 lines, at most 300 are allowed'],
  },
  'no any': {
    find: anyTypes,
    planted: { 'lib/a.ts': `const any = 'any'\nlet a: Record<string, any>`, 'test/b.ts': 'f(x as any)' },
    said: ['lib/a.ts:2: any', 'test/b.ts:1: any'],
  },
  'no test is skipped': {
    find: skippedTests,
    planted: {
      'test/a.test.ts': `test.skip('a')\ndescribe.skipIf(root)('b')\nit.each([1]).only('c')\nxit('d')`,
      'test/b.test.ts': `test('e')\nreader.skip(1)`,
    },
    said: [
      'test/a.test.ts:1: test.skip',
      'test/a.test.ts:2: describe.skipIf',
      'test/a.test.ts:3: it.each([1]).only',
      'test/a.test.ts:4: xit',
    ],
  },
  'no check is silenced': {
    find: silencedChecks,
    planted: {
      'lib/a.ts': '// @ts-expect-error\nlet a // eslint-disable-line\n/* v8 ignore next */',
      'lib/b.ts': '// the rule eslint-disable has',
    },
    said: [
      'lib/a.ts:1: // @ts-expect-error',
      'lib/a.ts:2: let a // eslint-disable-line',
      'lib/a.ts:3: /* v8 ignore next */',
    ],
  },
  'no path of one machine': {
    find: (files) => machinePaths(files),
    planted: { 'README.md': 'cd /work/here', 'lib/a.ts': `'$R/work/here' '../work/b' 'https://a/work/c'` },
    said: ['README.md: /work/here'],
  },
  'no mirror and no registry': {
    find: unknownHosts,
    planted: { 'README.md': 'https://mirror.corp/x and http://user@registry.corp/y and https://example.org' },
    said: ['README.md: mirror.corp', 'README.md: registry.corp'],
  },
}

test.each(Object.entries(rules))('%s', (_, { find, planted, said }) => {
  expect(find(Object.entries(planted).map(([path, text]) => ({ path, text })))).toEqual(said)
  expect(find(others)).toEqual([])
})

test('the rules look at all of the project', () => {
  const paths = sources.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['lib/lifecycle/driver.ts', 'charms/kata/machine.ts', 'bin/run.cjs', '.ci/run']),
  )
  expect(paths.filter((path) => path.startsWith('node_modules/'))).toEqual([])
})

test('this checkout’s own path is found', () => {
  expect(machinePaths([{ path: 'a', text: 'in /srv/ann/kcharm/lib' }], '/srv/ann/kcharm')).toEqual([
    'a: /srv/ann/kcharm/',
  ])
})

test('the lockfile names no registry', () => {
  const lockfile = sources.find(({ path }) => path === 'package-lock.json')?.text ?? ''
  expect(resolvedPackages('{"resolved": "https://registry.corp/a.tgz"}')).toEqual(['https://registry.corp/a.tgz'])
  expect(resolvedPackages(lockfile)).toEqual([])
  expect(lockfile).toContain('"integrity": "sha512-')
})
