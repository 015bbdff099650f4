import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Base } from '../types.ts'
import { APT_GET, APT_MARK, DPKG, DPKG_QUERY } from './stand-ins/apt.ts'
import { DISPATCH } from './stand-ins/containerd.ts'
import { standInPackages, type StandInPackage } from './stand-ins/packages.ts'
import { JOURNALCTL, MODPROBE } from './stand-ins/system.ts'
import { SYSTEMCTL } from './stand-ins/systemctl.ts'
import { SKELETON } from './tree.ts'

const PROGRAMS: Record<string, string> = {
  'apt-get': APT_GET,
  'apt-mark': APT_MARK,
  containerd: DISPATCH,
  ctr: DISPATCH,
  dpkg: DPKG,
  'dpkg-query': DPKG_QUERY,
  journalctl: JOURNALCTL,
  modprobe: MODPROBE,
  runc: DISPATCH,
  systemctl: SYSTEMCTL,
}

/**
 * Writes the programs that stand in for a system's own (systemctl, apt-get, modprobe, …) below `folder`, with the packages that
 * they install. Gives the folder for PATH. They can be told to fail by files below `faults` of the node's tree.
 */
export async function layStandIns(folder: string, base: Base): Promise<string> {
  const bin = join(folder, 'bin')
  for (const [name, text] of Object.entries(PROGRAMS)) await put(join(bin, name), text)
  for (const [name, each] of Object.entries(standInPackages(base)))
    await putPackage(join(folder, 'packages', name), each)
  for (const path of SKELETON) await mkdir(join(folder, 'packages/base/files', path), { recursive: true })
  return bin
}

async function putPackage(folder: string, { version, files, ...lists }: StandInPackage): Promise<void> {
  await put(join(folder, 'version'), `${version}\n`)
  for (const [name, words] of Object.entries(lists))
    await put(join(folder, name), words.map((word) => `${word}\n`).join(''))
  for (const [path, text] of Object.entries(files)) await put(join(folder, 'files', path), text)
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
}
