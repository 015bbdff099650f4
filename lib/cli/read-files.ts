import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import { type Bundle, parseBundle } from '../model/bundle.ts'
import type { CharmMeta } from '../model/charm-meta.ts'
import { parseInventory } from '../model/inventory.ts'
import { type Lockfile, LOCKFILE, parseLockfile } from '../model/lockfile.ts'
import type { RememberedInventory } from '../state/stored-model.ts'

export async function readBundle(
  file: string,
  charms: Record<string, CharmMeta>,
  overlays: string[] = [],
): Promise<Bundle> {
  const over = overlays.map(async (each) => ({ file: each, text: await readText(each, 'overlay') }))
  return parseBundle(await readText(file, 'bundle'), { file, charms, overlays: await Promise.all(over) })
}

/** `file` is absolute: it is remembered with the model. */
export async function readInventory(file: string): Promise<RememberedInventory> {
  const { machines } = parseInventory(await readText(file, 'inventory'), { file, home: homedir() })
  return { file, machines }
}

/** The lockfile beside a bundle, or of a folder; none: nothing is locked. */
export async function readLockfile(folder: string): Promise<Lockfile> {
  const file = join(folder, LOCKFILE)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unreadable(file, 'lockfile', error)
  })
  return text === undefined ? { resources: {} } : parseLockfile(text, { file })
}

export function folderOf(bundleFile: string): string {
  return dirname(bundleFile)
}

/** Throws `not-found`, saying what the file was to be. */
export async function readText(file: string, what: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, what, error)
  })
}

function unreadable(file: string, what: string, { code }: NodeJS.ErrnoException): KcharmError {
  if (code === 'ENOENT') return new KcharmError('not-found', `there is no ${what} ${file}`)
  return new KcharmError('not-found', `the ${what} ${file} cannot be read (${code ?? 'unknown error'})`)
}
