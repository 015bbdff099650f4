import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readBundle } from '../../lib/cli/read-files.ts'
import { KcharmError } from '../../lib/errors/index.ts'
import { charms } from '../model/charms.ts'

const folder = mkdtempSync(join(tmpdir(), 'kcharm-include-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = async (directive: string) => {
  const file = join(folder, 'bundle.yaml')
  writeFileSync(file, `applications:\n  c: { charm: containerd, options: { password: "${directive}" } }\n`)
  return (await readBundle(file, charms)).applications['c']?.options['password']
}

const refused = async (directive: string) =>
  await read(directive).then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof KcharmError ? error.detail.faults?.[0] : String(error)),
  )

test('the text of a real file, beside the bundle or elsewhere', async () => {
  mkdirSync(join(folder, 'below'))
  writeFileSync(join(folder, 'below/a b.txt'), '$(touch x)\n')
  expect(await read('include-file://below/a b.txt')).toBe('$(touch x)\n')
  expect(await read(`include-base64://${folder}/below/../below/a b.txt`)).toBe('JCh0b3VjaCB4KQo=')
})

test.each([
  ['gone', 'there is no such file'],
  ['.', 'it is a folder; expected a file'],
  ['bundle.yaml/x', 'it cannot be read (ENOTDIR)'],
  ['/dev/zero', 'expected a file'],
  ['large', 'it is too large; expected at most 1 MiB'],
])('%s is refused with its place', async (path, says) => {
  writeFileSync(join(folder, 'large'), Buffer.alloc(1024 * 1024 + 1))
  expect(await refused(`include-file://${path}`)).toBe(
    `${folder}/bundle.yaml:2:48: cannot include ${JSON.stringify(path)} (applications.c.options.password): ${says}`,
  )
})
