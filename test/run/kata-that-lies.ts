import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuiltArchive } from '../../lib/lab/archives/stand-in-kata.ts'
import { kataEntries } from '../../lib/lab/archives/stand-in-entries.ts'
import { packTar } from '../../lib/lab/archives/tar.ts'

/** An archive in `folder`, named 3.20.2, whose shim says that it is another version. */
export async function kataThatLies(folder: string): Promise<BuiltArchive> {
  return await kataWithShim(folder, {
    version: '3.20.2',
    shim: '#!/bin/sh\necho "containerd-shim: version: 9.9.9"\n',
  })
}

/** The stand-in of a version, with another program as its shims. */
export async function kataWithShim(
  folder: string,
  { version, shim }: { version: string; shim: string | Buffer },
): Promise<BuiltArchive> {
  const entries = kataEntries(version, 'x86_64').map((entry) =>
    'file' in entry && entry.path.endsWith('/containerd-shim-kata-v2') ? { ...entry, file: shim } : entry,
  )
  const bytes = packTar(entries)
  const place = join(folder, `kata-${version}`)
  await mkdir(place)
  const path = join(place, `kata-static-${version}-amd64.tar`)
  await writeFile(path, bytes)
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') }
}
