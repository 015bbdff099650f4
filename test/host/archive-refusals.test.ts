import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blobPath } from '../../lib/host/archive.ts'
import { packTar, type TarEntry } from '../../lib/lab/archives/tar.ts'
import { sha256 } from '../../lib/model/json.ts'
import { SURROUNDINGS } from '../ssh/shells.ts'
import { listing } from './listing.ts'
import { testMachine, type TestMachine } from './machine.ts'

const whole: TarEntry[] = [
  { path: 'opt/kata' },
  { path: 'opt/kata/bin' },
  { path: 'opt/kata/bin/tool', file: 'tool\n'.repeat(1000), mode: 0o755 },
]

/** Archives that are refused for what is in them. */
const BAD: Record<string, { entries: TarEntry[]; says: RegExp }> = {
  'an entry outside of the prefix': {
    entries: [...whole, { path: 'etc/cron.d/evil', file: 'x' }],
    says: /an entry outside opt\/kata: etc\/cron\.d\/evil/,
  },
  'an entry beside the prefix': {
    entries: [...whole, { path: 'opt/kata-evil', file: 'x' }],
    says: /an entry outside opt\/kata: opt\/kata-evil/,
  },
  'an entry that climbs': {
    entries: [...whole, { path: 'opt/kata/../../../evil', file: 'x' }],
    says: /an entry outside opt\/kata: /,
  },
  'an absolute path': {
    entries: [...whole, { path: '/opt/kata/evil', file: 'x' }],
    says: /an entry outside opt\/kata|unpacking failed/,
  },
  'a link that escapes': {
    entries: [...whole, { path: 'opt/kata/link', link: '../../../../../../../etc' }],
    says: /a link that escapes|unpacking failed/,
  },
  'an absolute link': {
    entries: [...whole, { path: 'opt/kata/link', link: '/etc/passwd' }],
    says: /a link that escapes|unpacking failed/,
  },
  'a link of a hostile name that escapes': {
    entries: [...whole, { path: 'opt/kata/ a\nb ', link: '/etc/passwd' }],
    says: /a link that escapes|an entry outside|unpacking failed/,
  },
  'a file written through a link': {
    entries: [...whole, { path: 'opt/kata/link', link: '../../../..' }, { path: 'opt/kata/link/evil', file: 'x' }],
    says: /a link that escapes|unpacking failed/,
  },
  'no entry at all': { entries: [], says: /unpacking failed/ },
}

describe.each(SURROUNDINGS)('%s', (name) => {
  test.each(Object.keys(BAD))('%s is refused, and nothing of it stays', async (what) => {
    const bad = BAD[what]
    const on = await testMachine(name)
    const before = listing(dirname(on.root), { leave: ['root/var/lib/kcharm'] })
    const bytes = packTar(bad?.entries ?? [])
    expect(() => unpack(on, bytes)).toThrow(bad?.says)
    expect(listing(dirname(on.root), { leave: ['root/var/lib/kcharm'] })).toEqual(before)
    expect(readdirSync(join(on.root, 'var/lib/kcharm/blobs'))).toEqual([])
    expect(existsSync(join(on.root, 'var/lib/kcharm/trees'))).toBe(false)
  })

  test('other bytes than those that were asked for are refused', async () => {
    const on = await testMachine(name)
    const bytes = packTar(whole)
    expect(() => unpack(on, bytes, { sha: 'f'.repeat(64) })).toThrow(/the archive's digest is not ffff/)
    expect(readdirSync(join(on.root, 'opt'))).toEqual([])
    expect(readdirSync(join(on.root, 'var/lib/kcharm/blobs'))).toEqual([])
  })

  test('a truncated archive is refused, wherever it ends', async () => {
    const on = await testMachine(name)
    const gz = execFileSync('gzip', ['-nc'], { input: packTar(whole) })
    for (const length of [20, gz.length - 20, gz.length - 1]) {
      const cut = () => unpack(on, gz.subarray(0, length), { format: 'tar.gz' })
      expect(cut).toThrow('the archive cannot be read as tar.gz')
    }
    expect(() => unpack(on, packTar(whole).subarray(0, 2000))).toThrow(/cannot be read as tar|unpacking failed/)
    expect(readdirSync(join(on.root, 'opt'))).toEqual([])
    expect(readdirSync(join(on.root, 'var/lib/kcharm/blobs'))).toEqual([])
  })
})

test('a place that is not ours is refused', async () => {
  const on = await testMachine()
  mkdirSync(join(on.root, 'opt/kata-1'))
  expect(() => unpack(on, packTar(whole))).toThrow('/opt/kata-1 exists and was not unpacked by kcharm')
})

describe('an archive that is the tree itself', () => {
  const cni: TarEntry[] = [{ path: '.' }, { path: './bridge', file: 'b', mode: 0o755 }, { path: './sub' }]

  test('lies there whole', async () => {
    const on = await testMachine()
    unpack(on, packTar(cni), { prefix: '.' })
    expect(readdirSync(join(on.root, 'opt/kata-1')).sort()).toEqual(['bridge', 'sub'])
    expect(readdirSync(join(on.root, 'opt'))).toEqual(['kata-1'])
  })

  test.each(['../evil', '/evil', './sub/../../evil'])('an entry %s is refused', async (path) => {
    const on = await testMachine()
    const bad = packTar([...cni, { path, file: 'x' }])
    expect(() => unpack(on, bad, { prefix: '.' })).toThrow(/an entry outside|unpacking failed/)
    expect(readdirSync(join(on.root, 'opt'))).toEqual([])
  })
})

describe('a blob that is one program', () => {
  test('lies in its tree under its name, for everybody to run', async () => {
    const on = await testMachine()
    unpack(on, Buffer.from('#!/bin/sh\n'), { program: 'runc', format: 'amd64' })
    const program = join(on.root, 'opt/kata-1/runc')
    expect(readFileSync(program, 'utf8')).toBe('#!/bin/sh\n')
    expect(statSync(program).mode & 0o777).toBe(0o755)
    expect(readdirSync(join(on.root, 'opt'))).toEqual(['kata-1'])
    expect(readdirSync(join(on.root, 'var/lib/kcharm/blobs'))).toEqual([])
  })

  test('of another digest is refused', async () => {
    const on = await testMachine()
    const given = { program: 'runc', format: 'amd64', sha: 'f'.repeat(64) }
    expect(() => unpack(on, Buffer.from('x'), given)).toThrow(/digest is not ffff/)
    expect(readdirSync(join(on.root, 'opt'))).toEqual([])
  })
})

interface How {
  sha?: string
  format?: string
  prefix?: string
  program?: string
}

function unpack(on: TestMachine, bytes: Buffer, how: How = {}): void {
  const { sha = sha256(bytes), format = 'tar', prefix = 'opt/kata', program } = how
  const path = join(on.root, blobPath(sha))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  const blob = { sha256: sha, size: bytes.length, from: 'test', name: `kata.${format}` }
  on.make({ kind: 'archive', path: '/opt/kata-1', blob, prefix, ...(program ? { program } : {}) })
}
