import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuiltArchive } from '../../../lib/lab/index.ts'
import { packTar } from '../../../lib/lab/archives/tar.ts'
import type { TestLab } from './labs.ts'

const DROP_IN = '/etc/systemd/system/containerd.service.d/sick.conf'
const SCRIPT = '/usr/local/bin/sick-two'

/** What befalls a daemon of 2.x on this node, before it starts: lines of sh. Where they fail it does not come up. `well` runs before others. */
export async function makeTwoSick(lab: TestLab, node: string, two: string, well = ''): Promise<void> {
  const lines = ['#!/bin/sh', 'if containerd --version | grep -qE " v?2[.]"; then', two, 'else :', well, 'fi', '']
  const script = Buffer.from(lines.join('\n')).toString('base64')
  await lab.sh(
    node,
    `set -e; echo ${script} | base64 -d >${SCRIPT}; chmod 755 ${SCRIPT}; mkdir -p ${DROP_IN.replace(/\/[^/]*$/, '')}
    printf '[Service]\\nExecStartPre=${SCRIPT}\\n' >${DROP_IN}; systemctl daemon-reload`,
  )
}

export async function makeTwoWell(lab: TestLab, node: string): Promise<void> {
  await lab.sh(node, `rm -f ${DROP_IN} ${SCRIPT}; rmdir ${DROP_IN.replace(/\/[^/]*$/, '')}; systemctl daemon-reload`)
}

/** An archive laid out as the official ones, whose daemon takes no configuration at all. */
export async function containerdThatRefuses(folder: string): Promise<BuiltArchive> {
  const daemon = `#!/bin/sh
case "$*" in *-v*) echo 'containerd github.com/containerd/containerd/v2 v2.3.8 0123456789'; exit ;; esac
echo 'containerd: failed to load TOML: unknown field for this version' >&2; exit 1
`
  const passed = (name: string) => ({
    path: `bin/${name}`,
    mode: 0o755,
    file: `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`,
  })
  const bytes = packTar([
    { path: 'bin' },
    { path: 'bin/containerd', mode: 0o755, file: daemon },
    passed('containerd-shim-runc-v2'),
    passed('ctr'),
  ])
  const path = join(folder, 'containerd-2.3.8-linux-amd64.tar')
  await writeFile(path, bytes)
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') }
}
