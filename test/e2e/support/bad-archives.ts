import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kataEntries } from '../../../lib/lab/archives/stand-in-entries.ts'
import { packTar, type TarEntry } from '../../../lib/lab/archives/tar.ts'
import { makeStandInKata } from '../../../lib/lab/index.ts'

export interface Archive {
  path: string
  sha256: string
}

/** Archives that shall be refused, each with what is said of it. */
export async function badKatas(folder: string): Promise<[Archive, RegExp][]> {
  const right = await makeStandInKata()
  const other = '0'.repeat(64)
  const outside = (what: string) => new RegExp(`: the archive holds an entry outside opt/kata: .*${what}`)
  const escapes = /: the archive holds a link that escapes: .*opt\/kata\/share\/way-out -> \/etc$/
  return [
    [{ ...right, sha256: other }, new RegExp(`kata-static-\\S+ has the sha256 ${right.sha256}, expected ${other}$`)],
    [await kataWith(folder, { path: './opt/kata/../../etc/evil', file: 'evil' }), outside('\\.\\./etc/evil|\\.\\./')],
    [await kataWith(folder, { path: './etc/evil', file: 'evil' }), outside('etc/evil$')],
    [await kataWith(folder, { path: '/etc/evil', file: 'evil' }), outside('.')],
    [await kataWith(folder, { path: './opt/kata/share/way-out', link: '/etc' }), escapes],
  ]
}

/** A whole release, and one entry more. */
async function kataWith(folder: string, entry: TarEntry): Promise<Archive> {
  const bytes = packTar([...kataEntries('3.20.0', 'x86_64'), entry])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const place = join(folder, sha256)
  await mkdir(place)
  const path = join(place, 'kata-static-3.20.0-amd64.tar')
  await writeFile(path, bytes)
  return { path, sha256 }
}
