import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findMirror, readMirror } from '../../lib/lab/roots/mirror.ts'

const SECURITY = 'Types: deb\nURIs: http://mirror.test/security\nSuites: bookworm-security\nComponents: main\n'
const MAIN =
  'Types: deb\n# a note\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n'

test.each([
  ['a stanza of a suite', [`${SECURITY}\n${MAIN}`], 'http://mirror.test/debian'],
  ['a stanza that is switched off', [`Enabled: no\n${MAIN}`], undefined],
  [
    'a line',
    ['# deb http://old.test/debian trixie main\ndeb [arch=amd64] http://mirror.test/debian trixie main\n'],
    'http://mirror.test/debian',
  ],
  ['a source that is not Debian', ['deb https://packages.test/apt cloud-sdk main\n'], undefined],
  ['the first of many files', ['deb https://packages.test/apt stuff main\n', MAIN], 'http://mirror.test/debian'],
])('the mirror in %s', (_, texts, uri) => {
  expect(findMirror(texts)).toBe(uri)
})

test('sources are read from both places that apt reads', async () => {
  const etc = await mkdtemp(join(tmpdir(), 'kcharm-mirror-'))
  onTestFinished(() => rm(etc, { recursive: true }))
  await mkdir(join(etc, 'sources.list.d'))
  await writeFile(join(etc, 'sources.list.d', 'debian.sources.bak'), MAIN.replace('mirror', 'unread'))
  await expect(readMirror(etc)).rejects.toMatchObject({
    code: 'lab',
    detail: { hint: expect.stringContaining('KCHARM_MIRROR=') },
  })
  await writeFile(join(etc, 'sources.list.d', 'debian.sources'), MAIN)
  expect(await readMirror(etc)).toBe('http://mirror.test/debian')
})
