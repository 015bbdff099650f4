import type { Blob } from '../../lib/host/kind.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { versionIn } from './observe.ts'

const HOME = '/usr/local/lib/kcharm'
/** First in systemd's own PATH, so that containerd takes it before a package's runc (systemd.exec(5)). */
const RUNC = '/usr/local/sbin/runc'
/** Where CRI looks for plugins by default (containerd, docs/getting-started.md). */
const CNI_BIN = '/opt/cni/bin'

/** runc and CNI plugins, where their resources are given; each version in a tree of its own, with links to its programs. */
export function companionObjects(resources: Record<string, Blob | undefined>): HostObject[] {
  const { runc, 'cni-plugins': cni } = resources
  return [...(runc ? runcObjects(runc) : []), ...(cni ? cniObjects(cni) : [])]
}

function runcObjects(blob: Blob): HostObject[] {
  const tree = `${HOME}/runc-${blob.sha256.slice(0, 12)}`
  return [
    { kind: 'directory', path: HOME },
    { kind: 'archive', path: tree, blob, prefix: 'bin', program: 'runc' },
    { kind: 'link', path: RUNC, target: `${tree}/runc` },
  ]
}

function cniObjects(blob: Blob): HostObject[] {
  const version = versionIn(blob.name)
  const tree = `${HOME}/cni-plugins-${version ?? blob.sha256.slice(0, 12)}`
  const links = pluginsOf(version ?? '0.0.0').map((name): HostObject => ({
    kind: 'link',
    path: `${CNI_BIN}/${name}`,
    target: `${tree}/${name}`,
  }))
  return [
    { kind: 'directory', path: HOME },
    { kind: 'archive', path: tree, blob, prefix: '.' },
    { kind: 'directory', path: '/opt/cni' },
    { kind: 'directory', path: CNI_BIN },
    ...links,
  ]
}

/** What a release has: links, not a folder, since other networks put their own plugins beside these. */
function pluginsOf(version: string): string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const since = (from: [number, number]) => major > from[0] || (major === from[0] && minor >= from[1])
  return [...PLUGINS, ...Object.entries(LATER).flatMap(([name, from]) => (since(from) ? [name] : []))].sort()
}

/** containernetworking/plugins: the folders below plugins/ of each release. */
const PLUGINS = [
  'bandwidth',
  'bridge',
  'dhcp',
  'firewall',
  'host-device',
  'host-local',
  'ipvlan',
  'loopback',
  'macvlan',
  'portmap',
  'ptp',
  'sbr',
  'static',
  'tuning',
  'vlan',
]
const LATER: Record<string, [number, number]> = { vrf: [0, 9], dummy: [1, 2], tap: [1, 4] }
