import { execFileSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { store } from '../../lib/lab/archives/stored.ts'
import { packTar } from '../../lib/lab/archives/tar.ts'

const MANY_BLOCKS = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251))

test('bytes of many blocks come back from gzip and xz', () => {
  expect(gunzipSync(store(MANY_BLOCKS, 'gz')).equals(MANY_BLOCKS)).toBe(true)
  expect(execFileSync('xz', ['-dc'], { input: store(MANY_BLOCKS, 'xz') }).equals(MANY_BLOCKS)).toBe(true)
})

test('a zstd frame holds raw blocks of at most 128 KiB, the last one marked', () => {
  const frame = store(MANY_BLOCKS, 'zst')
  expect(frame.subarray(0, 5).toString('hex')).toBe('28b52ffda0')
  expect(frame.readUInt32LE(5)).toBe(MANY_BLOCKS.length)
  const parts = []
  for (let at = 9, last = false; !last;) {
    const head = frame.readUIntLE(at, 3)
    parts.push(frame.subarray(at + 3, at + 3 + (head >> 3)))
    expect((head >> 1) & 3).toBe(0)
    expect(head >> 3).toBeLessThanOrEqual(128 * 1024)
    last = (head & 1) === 1
    at += 3 + (head >> 3)
  }
  expect(Buffer.concat(parts).equals(MANY_BLOCKS)).toBe(true)
})

test('tar reads folders, files with their modes, and links', () => {
  const archive = packTar([
    { path: 'a' },
    { path: 'a/run', mode: 0o755, file: '#!/bin/sh\n' },
    { path: 'a/link', link: 'run' },
  ])
  const listing = execFileSync('tar', ['-tv'], { input: archive, encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
  expect(listing.replace(/ +/g, ' ').trim().split('\n')).toEqual([
    'drwxr-xr-x root/root 0 2023-11-14 22:13 a/',
    '-rwxr-xr-x root/root 10 2023-11-14 22:13 a/run',
    'lrwxrwxrwx root/root 0 2023-11-14 22:13 a/link -> run',
  ])
})

test('a path that the format has no room for is refused', () => {
  expect(() => packTar([{ path: 'x'.repeat(101), file: '' }])).toThrow(/too long for this archive: x+/)
})
