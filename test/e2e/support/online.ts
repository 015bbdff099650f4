import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from '../../../lib/lab/roots/chroot.ts'
import { readMirror } from '../../../lib/lab/roots/mirror.ts'
import type { TestLab } from './labs.ts'

/** Installs packages from this machine's Debian mirror into a running node of trixie, which itself has the lab's own only. */
export async function installOnline(lab: TestLab, node: string, packages: readonly string[]): Promise<void> {
  const root = join(lab.lab.dir, 'nodes', node, 'root')
  const list = join(root, 'srv/mirror.list')
  await writeFile(list, `deb [trusted=yes] ${await readMirror()} trixie main\n`)
  const only = ['-o', 'Dir::Etc::SourceList=/srv/mirror.list', '-o', 'Dir::Etc::SourceParts=/dev/null']
  const apt = ['apt-get', '-qq', ...only, '-o', 'APT::Sandbox::User=root']
  await inRoot(root, [...apt, 'update'], { online: true })
  await inRoot(root, [...apt, 'install', '-y', '--no-install-recommends', ...packages], { online: true })
  await rm(list)
}
