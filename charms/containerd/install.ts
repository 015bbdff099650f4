import type { HostObject } from '../../lib/host/objects.ts'
import type { View } from '../../lib/host/view.ts'
import type { Blob } from '../../lib/host/kind.ts'
import type { Config } from './config.ts'
import { fromPackage, type FromPackage, managerOf, packageThere } from './package.ts'
import { BIN, daemonVersion, UNIT_FILE, versionIn } from './observe.ts'

/** How containerd gets on the machine, with the version that will run. */
export type Method =
  | FromPackage
  | { by: 'archive'; version: string; blob: Blob; tree: string }
  | { by: 'hand'; version: string }
  | { by: 'nothing'; message: string; hint: string }

export function methodOf(config: Config, resources: Record<string, Blob | undefined>, view: View): Method {
  if (config.source === 'archive') return archiveMethod(config, resources['containerd'])
  const manager = managerOf(config, view)
  const there = packageThere(manager, view)
  const byHand = config.source === 'auto' && there === undefined ? view.read(daemonVersion) : undefined
  if (byHand !== undefined) return { by: 'hand', version: byHand }
  const name = config.package ?? there ?? 'containerd'
  if (manager === undefined) return NO_MANAGER
  if (there !== undefined && there !== name) return otherName(there, name)
  return fromPackage(config, { manager, name, key: resources['repository-key'], view })
}

export function installObjects(method: Method): HostObject[] {
  if (method.by === 'package') return method.objects
  if (method.by !== 'archive') return []
  const { tree } = method
  return [
    { kind: 'directory', path: '/usr/local/lib/kcharm' },
    { kind: 'archive', path: tree, blob: method.blob, prefix: 'bin' },
    ...['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name): HostObject => ({
      kind: 'link',
      path: `${BIN}/${name}`,
      target: `${tree}/${name}`,
    })),
    { kind: 'file', path: UNIT_FILE, text: UNIT },
  ]
}

/** The cells that the running daemon is made of: when one changes, it owes a restart. */
export function binaryReads(method: Method): HostObject[] {
  return installObjects(method).filter(
    ({ kind, ...object }) =>
      kind === 'package' || kind === 'archive' || ('path' in object && object.path === UNIT_FILE),
  )
}

const NO_MANAGER: Method = {
  by: 'nothing',
  message: 'the machine’s distribution is known for none of apt, dnf and zypper',
  hint: 'set package_manager to the one that it has, or source: archive',
}

/** The two packages conflict: one goes when the other comes, with all that runs on it. */
function otherName(there: string, name: string): Method {
  return {
    by: 'nothing',
    message: `the package ${there} is installed, and ${name} is asked for`,
    hint: `leave the option package out to adopt it, or remove ${there} first`,
  }
}

function archiveMethod(config: Config, blob: Blob | undefined): Method {
  if (blob === undefined) {
    return {
      by: 'nothing',
      message: 'source is archive, but the resource `containerd` has no file',
      hint: 'give one: --resource containerd:containerd=containerd-VERSION-linux-amd64.tar.gz',
    }
  }
  const version = config.version ?? versionIn(blob.name)
  if (version === undefined) {
    return {
      by: 'nothing',
      message: `the file name ${blob.name} does not say which version it holds`,
      hint: 'set the option version',
    }
  }
  return { by: 'archive', version, blob, tree: `/usr/local/lib/kcharm/containerd-${version}` }
}

/** After containerd's own unit (containerd, containerd.service); the daemon alone is stopped, its shims live on. */
const UNIT = `# Written by kcharm.
[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target dbus.service

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${BIN}/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`
