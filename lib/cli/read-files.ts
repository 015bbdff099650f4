import { readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import { type Bundle, openBundle } from '../model/bundle.ts'
import type { CharmMeta } from '../model/charm-meta.ts'
import { charmKey } from '../model/charm-of.ts'
import type { ReadFile } from '../model/include.ts'
import { parseInventory } from '../model/inventory.ts'
import { type Lockfile, LOCKFILE, parseLockfile } from '../model/lockfile.ts'
import type { RememberedInventory } from '../state/stored-model.ts'
import { loadedCharm } from './require-charm.ts'

export async function readBundle(
  file: string,
  charms: Record<string, CharmMeta>,
  overlays: string[] = [],
): Promise<Bundle> {
  const over = overlays.map(async (each) => ({ file: each, text: await readText(each, 'overlay') }))
  const given = { file, overlays: await Promise.all(over), read: includable }
  const { folders, check } = openBundle(await readText(file, 'bundle'), given)
  const found: Parameters<typeof check>[0]['found'] = {}
  for (const folder of folders) found[folder] = await charmIn(folder)
  return check({ charms, found })
}

async function charmIn(folder: string): Promise<{ charm: string } | { fault: string }> {
  try {
    return { charm: charmKey(await loadedCharm(folder)) }
  } catch (error) {
    if (!(error instanceof KcharmError)) throw error
    const { message, detail } = error
    return { fault: [message, ...(detail.faults ?? [])].join('; ') }
  }
}

/** Larger than any certificate or drop-in, small enough to be kept with the model. */
const LARGEST_INCLUDE = 1024 * 1024

const includable: ReadFile = (file) => {
  try {
    const about = statSync(file)
    if (about.isDirectory()) return { fault: 'it is a folder; expected a file' }
    if (!about.isFile()) return { fault: 'expected a file' }
    if (about.size > LARGEST_INCLUDE) return { fault: 'it is too large; expected at most 1 MiB' }
    return { bytes: readFileSync(file) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { fault: code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? 'unknown error'})` }
  }
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
