import { packageReading, type PackageCell } from '../../lib/host/package.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import type { View } from '../../lib/host/view.ts'
import type { Blob } from '../../lib/host/kind.ts'
import type { Config } from './config.ts'
import { BIN, CONFIG, daemonVersion, UNIT_FILE, versionIn } from './observe.ts'

/** How containerd gets on the machine, with the version that will run. */
export type Method =
  | { by: 'package'; name: string; version: string | undefined }
  | { by: 'archive'; version: string; blob: Blob; tree: string }
  | { by: 'hand'; version: string }
  | { by: 'nothing'; message: string; hint: string }

/** Packages that hold a containerd: the distribution's, and Docker's. */
const PACKAGES = ['containerd', 'containerd.io']

export function methodOf(config: Config, resources: Record<string, Blob | undefined>, view: View): Method {
  if (config.source === 'archive') return archiveMethod(config, resources['containerd'])
  const there = PACKAGES.find((name) => view.read(packageReading(name)).state === 'installed')
  if (config.source === 'package' || there !== undefined) return packageMethod(there ?? 'containerd', view)
  const byHand = view.read(daemonVersion)
  return byHand === undefined ? packageMethod('containerd', view) : { by: 'hand', version: byHand }
}

export function installObjects(method: Method): HostObject[] {
  if (method.by === 'package') {
    return [{ kind: 'package', name: method.name, brings: [CONFIG], services: ['containerd'] }]
  }
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
    (object) => object.kind === 'package' || object.kind === 'archive' || object.kind === 'file',
  )
}

function packageMethod(name: string, view: View): Method {
  const cell: PackageCell = view.read(packageReading(name))
  return { by: 'package', name, version: cell.state === 'installed' ? versionIn(cell.version ?? '') : undefined }
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
