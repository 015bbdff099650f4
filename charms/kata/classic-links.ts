import type { HostObject } from '../../lib/host/objects.ts'
import type { Release } from './release.ts'

const FOLDER = '/usr/local/bin'

/**
 * For an archive of ours: the links that blogs and kata-manager make, of those programs that this archive has (kata-containers,
 * docs/install/container-manager/containerd/containerd-install.md).
 */
export function classicLinks({ layout, base, blob }: Release, arch: string): HostObject[] {
  if (blob === undefined) return []
  const go = layout.runtimes.includes('go')
  const names = [
    ...(go ? ['kata-runtime', 'kata-monitor', 'kata-collect-data.sh'] : []),
    `qemu-system-${arch === 'ppc64le' ? 'ppc64' : arch}`,
  ]
  const shim = `${base}/${go ? '' : 'runtime-rs/'}bin/containerd-shim-kata-v2`
  return [
    { kind: 'link', path: `${FOLDER}/containerd-shim-kata-v2`, target: shim },
    ...names.map((name): HostObject => ({ kind: 'link', path: `${FOLDER}/${name}`, target: `${base}/bin/${name}` })),
  ]
}
