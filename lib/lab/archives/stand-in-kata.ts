import { createHash, randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { labCache } from '../paths.ts'
import { store, type Compression } from './stored.ts'
import { type KataKind, kataEntries } from './stand-in-entries.ts'
import { packTar } from './tar.ts'

/** Release archives' words for a machine's architecture, with uname's. */
export const ARCHITECTURES = { amd64: 'x86_64', arm64: 'aarch64', s390x: 's390x', ppc64le: 'ppc64' } as const
export type Architecture = keyof typeof ARCHITECTURES

export interface StandInKata {
  /** Default 3.20.0. The layout is that of its release. */
  version?: string
  arch?: Architecture
  /** From 4.1.0 on the Go runtime has an archive of its own; default `static`. */
  kind?: KataKind
  /** Default: what the releases of that version came in. */
  compression?: Compression
}

export interface BuiltArchive {
  path: string
  sha256: string
}

/**
 * Makes an archive named and laid out as a kata-static release, of which nothing is real: it has a file opt/kata/STAND-IN that says
 * so, and programs that answer `--version` and do nothing else. The same arguments give the same bytes everywhere.
 */
export async function makeStandInKata(wanted: StandInKata = {}): Promise<BuiltArchive> {
  const { version = '3.20.0', arch = 'amd64', kind = 'static', compression = usualCompression(version) } = wanted
  const bytes = store(packTar(kataEntries(version, ARCHITECTURES[arch], kind)), compression)
  const folder = join(labCache(), 'stand-in')
  const path = join(folder, `kata-${kind}-${version}-${archWord(version, arch)}.tar.${compression}`)
  await mkdir(folder, { recursive: true })
  const fresh = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(fresh, bytes)
  await rename(fresh, path)
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** x86_64 until 3.1, which came for nothing else; amd64 since 3.2 (tags of the releases). */
function archWord(version: string, arch: Architecture): string {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return arch === 'amd64' && (major < 3 || (major === 3 && minor < 2)) ? 'x86_64' : arch
}

/** xz until 3.20, zst since 3.21 (tools/packaging/release/release.sh of the releases). */
function usualCompression(version: string): Compression {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor > 20) ? 'zst' : 'xz'
}
