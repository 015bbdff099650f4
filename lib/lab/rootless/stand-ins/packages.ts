import type { Base } from '../../types.ts'
import { containerdProgram, CTR, SHIM } from './containerd.ts'

export interface StandInPackage {
  version: string
  depends: string[]
  conffiles: string[]
  services: string[]
  /** Content by path; programs are told by their shebang. */
  files: Record<string, string>
}

/** Versions as in the Debian releases. */
const VERSIONS: Record<Base, { containerd: string; runc: string }> = {
  bookworm: { containerd: '1.6.20~ds1-1+deb12u3', runc: '1.1.5+ds1-1+deb12u1' },
  trixie: { containerd: '1.7.24~ds1-6+deb13u1', runc: '1.1.15+ds1-2+b4' },
}

const CONFIG = '/etc/containerd/config.toml'

export function standInPackages(base: Base): Record<string, StandInPackage> {
  const { containerd, runc } = VERSIONS[base]
  return {
    runc: { version: runc, depends: [], conffiles: [], services: [], files: { '/usr/bin/runc': SHIM } },
    containerd: {
      version: containerd,
      depends: ['runc'],
      conffiles: [CONFIG],
      services: ['containerd'],
      files: {
        [CONFIG]: DEBIAN_CONFIG,
        '/usr/bin/containerd': containerdProgram(containerd),
        '/usr/bin/containerd-shim-runc-v2': SHIM,
        '/usr/bin/ctr': CTR,
        '/usr/lib/systemd/system/containerd.service': UNIT,
      },
    },
  }
}

/** As in Debian's package, debian/config.toml. */
const DEBIAN_CONFIG = `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`

const UNIT = `[Unit]
Description=containerd container runtime, a stand-in

[Service]
ExecStart=/usr/bin/containerd

[Install]
WantedBy=multi-user.target
`
