import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { secretReader } from '../../lib/run/read-secret.ts'

test('a reference is read once, without its last line end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-secret-'))
  try {
    const file = join(folder, 'password')
    writeFileSync(file, 'canary\n')
    const env: NodeJS.ProcessEnv = { PASSWORD: 'bird' }
    const secret = secretReader(env)
    expect([secret('env:PASSWORD'), secret(`file:${file}`)]).toEqual(['bird', 'canary'])
    writeFileSync(file, 'other')
    env['PASSWORD'] = 'other'
    expect([secret('env:PASSWORD'), secret(`file:${file}`)]).toEqual(['bird', 'canary'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each(['env:LOST', 'env:EMPTY', 'file:/nowhere/at/all'])('%s stands for nothing, and that is said', (reference) => {
  expect(() => secretReader({ EMPTY: '' })(reference)).toThrow(`${reference} stands for nothing here`)
})

test('what is no reference may be a secret itself: it is not repeated', () => {
  expect(() => secretReader({})('hunter2')).toThrow(/^a secret stands for nothing here$/)
})
