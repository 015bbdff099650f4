import type { Fitness } from '../../../charms/kata/fitness.ts'
import { spaceKiB } from '../../../charms/kata/probes.ts'
import type { Blob } from '../../../lib/host/kind.ts'
import type { StageState } from '../../../lib/testing/index.ts'

export const blob: Blob = archiveNamed('kata-static-3.20.0-amd64.tar.xz')

export function archiveNamed(name: string): Blob {
  return { sha256: 'a'.repeat(64), size: 1 << 20, from: '/x', name }
}

export const fit: Fitness = {
  arch: 'x86_64',
  virtualization: 'vmx',
  guest: false,
  kvm: 'open',
  modules: { vhost_vsock: 'available', vhost_net: 'loaded' },
  tun: true,
  cgroup: 'cgroup2fs',
  short: undefined,
  writable: true,
  unpacker: true,
}

/** A machine that Kata can run on, with what differs. */
export function machine(more: Partial<Fitness> = {}, rest: StageState = {}): StageState {
  const { kata = blob } = rest.resources ?? {}
  const key = `kata:fitness:/opt/kata:${kata.name}:${spaceKiB(kata.size)}`
  const observed = {
    [key]: { ...fit, ...more },
    'link:/opt/kata': null,
    'kata:sandboxes': [],
    'kata:kvm-machine': 'made',
    ...rest.observed,
  }
  return { resources: { kata }, ...rest, observed }
}
