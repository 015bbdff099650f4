import { WAYS, type Manager } from '../../lib/host/package-manager.ts'
import { KEPT, path, quote } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'
import { check, type Check } from '../../lib/lifecycle/charm.ts'
import type { Method } from './install.ts'
import { ctr, SOCKET, STATE } from './observe.ts'

/** Pod sandboxes that the CRI plugin of this daemon keeps. */
export const podSandboxes: Reading<string[]> = {
  key: 'containerd:sandboxes',
  lasting: 'effect',
  script: `ls ${path(`${STATE}/io.containerd.grpc.v1.cri/sandboxes`)} 2>/dev/null`,
  parse: (frame) => frame.split('\n').filter((line) => line !== ''),
}

/** What the running daemon says will be missed in a later version (`ctr deprecations list`, from 1.7 on). */
export const deprecations: Reading<string[]> = {
  key: 'containerd:deprecations',
  lasting: 'effect',
  script: `${ctr({ bin: '', socket: SOCKET })} deprecations list --format json 2>/dev/null`,
  parse: (frame) => [...frame.matchAll(/"message":\s*"([^"]+)"/g)].map(([, message = '']) => message),
}

/** The file of its metadata: which images and containers there are. */
export const metadata: Reading<string | undefined> = {
  key: 'containerd:metadata',
  lasting: 'effect',
  script: `file=/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db; [ ! -f "$R$file" ] || echo "$file"`,
  parse: (frame) => frame.trim() || undefined,
}

/** Where what an old version says of its configuration is kept, and what it has when nobody sets anything. */
export function keptWords({ from }: { from: string }): { dump: string; defaults: string } {
  return { dump: `${KEPT}/containerd-${from}-dump.toml`, defaults: `${KEPT}/containerd-${from}-default.toml` }
}

/** The same, read again; empty texts where nothing is kept. */
export function wordsBefore(ascent: { from: string }): Reading<{ before: string; defaults: string }> {
  const { dump, defaults } = keptWords(ascent)
  return {
    key: `containerd:words:${ascent.from}`,
    lasting: 'effect',
    script: [dump, defaults].map((file) => `{ [ ! -f ${path(file)} ] || base64 -w 0 ${path(file)}; }; echo`).join('\n'),
    parse(frame) {
      const [before = '', usual = ''] = frame.split('\n').map((line) => Buffer.from(line, 'base64').toString('utf8'))
      return { before, defaults: usual }
    },
  }
}

/** Whether this very version of a package could be had again. */
export function canReturn(name: string, version: string, manager: Manager): Reading<boolean> {
  const spec = quote(WAYS[manager].spec(name, version).replace(/\*$/, ''))
  const deb = path(`/var/cache/apt/archives/${name}_${version.replaceAll(':', '%3a')}_`)
  const ways: Record<Manager, string> = {
    apt: `{ apt-cache madison ${quote(name)} | cut -d'|' -f2 | tr -d ' ' | grep -qxF ${quote(version)} || ls ${deb}*.deb >/dev/null 2>&1; }`,
    dnf: `dnf -q list --showduplicates --available ${spec} >/dev/null 2>&1`,
    zypper: `zypper -q search -s --match-exact ${quote(name)} 2>/dev/null | grep -v '^i.*@System' | grep -qF ${quote(version)}`,
  }
  return {
    key: `containerd:can-return:${manager}:${name}:${version}`,
    lasting: 'fact',
    script: `${ways[manager]} && echo yes || echo no`,
    parse: (frame) => frame.trim() === 'yes',
  }
}

/** The daemon in memory against the program on the disk: one that was not restarted runs on what was there before. */
export function daemonIsNew(method: Method): Check {
  return check('running daemon', runningProgram, (exe) => {
    if (exe === '') return undefined
    if (exe.endsWith(' (deleted)')) return `it still runs ${exe.replace(' (deleted)', '')}, which was replaced`
    if (method.by !== 'archive' || exe.startsWith(`${method.tree}/`)) return undefined
    return `it runs ${exe}, expected the containerd in ${method.tree}`
  })
}

const runningProgram: Reading<string> = {
  key: 'containerd:exe',
  lasting: 'effect',
  script: [
    'pid=$(systemctl show -p MainPID --value containerd 2>/dev/null)',
    'case $pid in "" | 0) ;; *) readlink "/proc/$pid/exe" 2>/dev/null ;; esac',
  ].join('\n'),
  parse: (frame) => frame.trim(),
}
