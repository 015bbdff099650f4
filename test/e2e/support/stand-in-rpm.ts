import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { kataEntries } from '../../../lib/lab/archives/stand-in-entries.ts'
import { REPOSITORY } from './demo-repository.ts'
import type { TestLab } from './labs.ts'

/** Where distributions' packages of Kata keep their one configuration. */
export const RPMS = {
  dnf: { name: 'kata-containers', config: '/usr/share/kata-containers/defaults/configuration.toml' },
  zypper: { name: 'katacontainers', config: '/usr/share/defaults/kata-containers/configuration.toml' },
} as const

const SHIM = '/usr/bin/containerd-shim-kata-v2'
const BUILD = '/srv/kata'

/**
 * Puts a stand-in of Fedora's and of SUSE's package into the node's repositories (`makeRepositories`): their paths, and in them the
 * stand-in release's shim, kata-runtime and QEMU configuration. Nothing of it is real.
 */
export async function addStandInRpms(lab: TestLab, node: string, version: string): Promise<void> {
  const root = await lab.root(node)
  for (const { name, config } of Object.values(RPMS)) {
    const files = filesOf(version, config)
    for (const [path, { text, mode }] of Object.entries(files)) {
      const to = join(root, BUILD, name, path)
      await mkdir(dirname(to), { recursive: true })
      await writeFile(to, text, { mode })
    }
    await writeFile(join(root, BUILD, `${name}.spec`), specOf({ name, version, paths: Object.keys(files) }))
  }
  await lab.sh(node, MAKE)
}

/** What a stand-in release has in another layout: a path of its archive, by the path on the machine. */
export function filesOf(version: string, config: string): Record<string, { text: string; mode: number }> {
  const entries = kataEntries(version, 'x86_64')
  const at = (path: string) => String(entries.find((entry) => entry.path === `./opt/kata/${path}`)?.file ?? '')
  return {
    [SHIM]: { text: at('bin/containerd-shim-kata-v2'), mode: 0o755 },
    '/usr/bin/kata-runtime': { text: at('bin/kata-runtime'), mode: 0o755 },
    [config]: { text: at('share/defaults/kata-containers/configuration-qemu.toml'), mode: 0o644 },
  }
}

/** Folders that only it needs are its own, so that they go with it. */
function specOf({ name, version, paths }: { name: string; version: string; paths: string[] }): string {
  const folders = [...new Set(paths.flatMap(ancestors))].filter((path) => !/^\/usr(\/(bin|share))?$/.test(path))
  return `Name: ${name}
Version: ${version}
Release: 1
Summary: a stand-in for Kata Containers
License: MIT
BuildArch: noarch
AutoReqProv: no
%description
This is no Kata Containers. Its programs answer --version and do nothing else.
%install
cp -a ${BUILD}/${name}/. %{buildroot}/
%files
${[...folders.map((path) => `%dir ${path}`), ...paths].join('\n')}
`
}

function ancestors(path: string): string[] {
  const up = dirname(path)
  return up === '/' ? [] : [...ancestors(up), up]
}

const MAKE = String.raw`set -e
cd ${BUILD}
for each in *.spec; do rpmbuild -bb --quiet --define '_topdir ${BUILD}/top' $each; done
cp top/RPMS/noarch/*.rpm ${REPOSITORY}/dnf
rpmsign --define '_gpg_name demo@example.org' --addsign ${REPOSITORY}/dnf/kata*.rpm >/dev/null
createrepo_c -q ${REPOSITORY}/dnf
rm -f ${REPOSITORY}/dnf/repodata/repomd.xml.asc
gpg --batch --quiet -u demo@example.org --armor --detach-sign ${REPOSITORY}/dnf/repodata/repomd.xml
cp ${REPOSITORY}/key.asc ${REPOSITORY}/dnf/repodata/repomd.xml.key
rm -rf ${BUILD}
`
