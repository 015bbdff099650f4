import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import { digest, sha256 } from '../model/json.ts'

/** A charm's folder as it was read: what it is called after, and what is run. */
export interface CharmFiles {
  /** 16 hex digits. */
  revision: string
  /** The module whose default export is the charm, from the folder. */
  entry: string
  files: Map<string, Buffer>
}

/** Enough for a charm and what it imports; a folder that is larger was not meant. */
const MOST = { files: 2000, bytes: 16 * 1024 * 1024 }

/** Reads all of a charm's folder but what begins with a dot. Throws `not-found`, and `invalid-charm` for what is no charm's folder. */
export async function readCharmFiles(folder: string): Promise<CharmFiles> {
  const about = await stat(folder).catch(() => undefined)
  if (about === undefined) throw new KcharmError('not-found', `there is no folder ${folder}`)
  if (!about.isDirectory()) throw invalid(folder, 'expected a folder with a module, index.js')
  const files = new Map<string, Buffer>()
  await readInto(files, { folder, below: '', left: { ...MOST } })
  const entry = entryOf(folder, files)
  if (!files.has(entry)) throw invalid(join(folder, entry), 'there is no such file: expected the charm’s module')
  const sums = [...files].map(([path, bytes]) => [path, sha256(bytes)]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  return { revision: digest([sums, entry]), entry, files }
}

/**
 * Keeps the files below `ROOT/charms/REVISION`, so that what was deployed stays what it was when the folder changes. Gives the
 * path of the module there.
 */
export async function keepCharm(root: string, { revision, entry, files }: CharmFiles): Promise<string> {
  const home = charmsFolder(root)
  const kept = join(home, revision)
  if (await stat(kept).catch(() => undefined)) return join(kept, entry)
  await mkdir(home, { recursive: true, mode: 0o700 })
  await writeFile(join(home, 'package.json'), '{ "type": "module" }\n') // of charms that have none
  const fresh = await mkdtemp(join(home, '.new-'))
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(fresh, path)), { recursive: true })
    await writeFile(join(fresh, path), bytes)
  }
  await rename(fresh, kept).catch(async (error: NodeJS.ErrnoException) => {
    await rm(fresh, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // somebody else kept the same
  })
  return join(kept, entry)
}

/** The files of a revision that was kept. */
export function keptCharm(root: string, revision: string): string {
  return join(charmsFolder(root), revision)
}

export function charmsFolder(root: string): string {
  return join(root, 'charms')
}

interface Reading {
  folder: string
  below: string
  left: typeof MOST
}

async function readInto(files: Map<string, Buffer>, { folder, below, left }: Reading): Promise<void> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) await readInto(files, { folder, below: path, left })
    else if (entry.isFile()) files.set(path, await readWithin(join(folder, path), left))
    else throw invalid(join(folder, path), 'expected files and folders only: what a link points to could change unseen')
  }
}

async function readWithin(file: string, left: typeof MOST): Promise<Buffer> {
  const { size } = await stat(file)
  left.files--
  left.bytes -= size
  if (left.files < 0 || left.bytes < 0) throw invalid(file, 'expected at most 2000 files and 16 MiB in all')
  return await readFile(file)
}

/** What Node would take: `exports` or `main` of package.json, where they name one file; else index.js. */
function entryOf(folder: string, files: Map<string, Buffer>): string {
  const manifest = files.get('package.json')
  if (manifest === undefined) return 'index.js'
  const about = manifestOf(join(folder, 'package.json'), manifest)
  const root = about.exports !== null && typeof about.exports === 'object' ? about.exports['.'] : about.exports
  const found = root !== null && typeof root === 'object' ? (root as Record<string, unknown>)['default'] : root
  const entry = found ?? about.main ?? 'index.js'
  if (typeof entry !== 'string') throw invalid(join(folder, 'package.json'), 'expected one file as exports or main')
  if (entry.endsWith('.js') && about.type !== 'module')
    throw invalid(join(folder, 'package.json'), 'expected "type": "module", or a module that ends in .mjs')
  return entry.replace(/^\.\//, '')
}

interface Manifest {
  type?: unknown
  main?: unknown
  exports?: string | Record<string, unknown> | null
}

function manifestOf(file: string, bytes: Buffer): Manifest {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // said below
  }
  throw invalid(file, 'expected a map, as JSON')
}

function invalid(place: string, says: string): KcharmError {
  return new KcharmError('invalid-charm', `${place}: ${says}`)
}
