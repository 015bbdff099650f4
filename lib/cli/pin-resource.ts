import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import { addToLockfile, LOCKFILE, lockKey, renderLockfile } from '../model/lockfile.ts'
import { digestOf, download } from '../run/fetch-blob.ts'
import { isWeb } from '../run/resolve-blobs.ts'
import { readLockfile } from './read-files.ts'

/** Writes the digest of a file, or of what a URL gives now, into the lockfile of a folder. */
export async function pinResource(
  from: string,
  folder: string,
): Promise<{ key: string; sha256: string; file: string }> {
  const lock = await readLockfile(folder)
  const sha256 = isWeb(from) ? await download(from) : await digestOfFile(from)
  const file = join(folder, LOCKFILE)
  await writeFile(`${file}.new`, renderLockfile(addToLockfile(lock, { from }, sha256)))
  await rename(`${file}.new`, file)
  return { key: lockKey({ from }), sha256, file }
}

async function digestOfFile(file: string): Promise<string> {
  return await digestOf(file).catch((error: NodeJS.ErrnoException) => {
    throw new KcharmError('not-found', `${file} cannot be read (${error.code ?? error.message})`)
  })
}
