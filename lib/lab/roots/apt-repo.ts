import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Base } from '../types.ts'
import { sharedFolder } from '../paths.ts'
import { inRoot } from './chroot.ts'
import { renderPackages } from './packages-index.ts'

/** What a bare node can install from the lab's own repository, with everything that the bare system lacks for it. */
const OFFERED = ['containerd', 'runc']

/** The one apt source of a node. It has no signature: it is a folder of this machine, read-only in the node. */
export function aptSource(base: Base): string {
  return `deb [trusted=yes] file:/lab/apt/${base} ./\n`
}

/** Makes the repository of a suite in the shared folder, with a root file system of that suite whose apt sources work. */
export async function makeAptRepo(root: string, base: Base): Promise<void> {
  const folder = join(sharedFolder(), 'apt', base)
  const making = `${folder}.making`
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { recursive: true })
  await inRoot(root, ['apt-get', 'update', '-qq'], { online: true })
  const quiet = [
    '-y',
    '-qq',
    '--no-install-recommends',
    '--download-only',
    '-o',
    `Dir::Cache::archives=/lab/apt/${base}.making`,
  ]
  await inRoot(root, ['apt-get', 'install', ...quiet, '-o', 'APT::Sandbox::User=root', ...OFFERED], { online: true })
  await Promise.all(['lock', 'partial'].map((name) => rm(join(making, name), { recursive: true, force: true })))
  await writeIndex(root, base)
  await rm(folder, { recursive: true, force: true })
  await rename(making, folder)
}

async function writeIndex(root: string, base: Base): Promise<void> {
  const making = join(sharedFolder(), 'apt', `${base}.making`)
  const debs = []
  for (const file of (await readdir(making)).sort()) {
    const plain = file.replace(/_\d+%3a/, '_') // apt names an epoch 1: as 1%3a, which is not safe in an address
    await rename(join(making, file), join(making, plain))
    const control = await inRoot(root, ['dpkg-deb', '-f', `/lab/apt/${base}.making/${plain}`])
    debs.push({ file: plain, bytes: await readFile(join(making, plain)), control })
  }
  await writeFile(join(making, 'Packages'), renderPackages(debs))
}
