import { sha256 } from '../../lib/model/json.ts'
import { charms } from '../../charms/index.ts'
import type { Blob } from '../../lib/host/kind.ts'
import type { Charm } from '../../lib/lifecycle/charm.ts'
import type { Site } from '../../lib/lifecycle/unit.ts'
import type { Application, Model } from '../../lib/model/declaration.ts'
import { unitsOf } from '../../lib/model/units.ts'
import { recordsOf } from '../../lib/lifecycle/manifest.ts'
import { siteOf } from '../../lib/run/sites.ts'
import { type Fixtures, MemoryMachine } from '../../lib/testing/memory-machine.ts'

/** containerd and Kata on one machine in memory: the real charms, and what the machine would report. */
export interface Wanted {
  containerd: Application['life']
  kata: Application['life']
  related: boolean
  shims: string[]
  restrictOom: 'true' | 'false'
  /** An option of kata that makes it write configurations of its own. */
  memory?: number
  /** Versions that are asked for; default 3.20.0 and what is there. */
  kataVersion?: string
  containerdVersion?: string
  /** Versions on the way there. */
  via?: string[]
}

export const FRESH: Wanted = {
  containerd: 'present',
  kata: 'present',
  related: true,
  shims: ['qemu'],
  restrictOom: 'false',
}
const CONFIG = '/etc/containerd/config.toml'
const DROP_IN = '/etc/containerd/conf.d/50-kcharm.toml'

function archiveOf(version: string): Blob {
  return { sha256: sha256(version), size: 1000, from: '/nowhere', name: `kata-static-${version}-amd64.tar.xz` }
}

export function bareMachine(more: Partial<Conditions> = {}): MemoryMachine {
  return new MemoryMachine(fixtures({ kvm: true, healthy: true, sandboxes: [], ...more }))
}

/** containerd was there before, with a file that somebody wrote. */
export function adoptedMachine(more: Partial<Conditions> = {}): MemoryMachine {
  const machine = bareMachine(more)
  machine.cells.set('pkg:containerd', { state: 'installed', version: '1.7.24' })
  machine.cells.set('svc:containerd', { load: 'loaded', active: 'active', enabled: 'enabled', loaded: 'fresh' })
  machine.putFile(CONFIG, `# by hand\n${SHIPPED}`)
  return machine
}

export function siteFor(machine: MemoryMachine, wanted: Wanted, use: Record<string, Charm> = charms): Site {
  const model = modelOf(wanted)
  const records = [...recordsOf(machine.lines).values()]
  const recorded = records.map((record) => ({ machine: 'm', unit: record.unit, app: record.app, charm: record.charm }))
  const declared = unitsOf(model, { recorded, charms: use })
  return siteOf('m', machine.lines, {
    model,
    charms: use,
    declared,
    blobs: { kata: { kata: archiveOf(wanted.kataVersion ?? '3.20.0') } },
  })
}

export interface Conditions {
  kvm: boolean
  healthy: boolean
  sandboxes: string[]
}

const SHIPPED = 'version = 2\n\n[plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = "/usr/lib/cni"\n'

const SHIPPED_KATA = '[hypervisor.qemu]\npath = "/opt/kata/bin/qemu-system-x86_64"\ndefault_memory = 2048\n'

function fixtures(conditions: Conditions): Fixtures {
  return {
    packages: {
      containerd: {
        version: '1.7.24',
        with: { runc: '1.1.15' },
        files: { [CONFIG]: SHIPPED },
        services: ['containerd'],
      },
    },
    report(key, machine) {
      if (key === 'containerd:flavour' || key === 'containerd:version') return undefined
      if (key === 'machine:package-manager') return 'apt'
      if (key === 'kata:kvm-machine') return 'made'
      if (key === 'containerd:capabilities') return false
      if (key === 'containerd:unit') return {}
      if (key === 'containerd:kubelet-driver') return undefined
      if (key === 'containerd:tasks') return 0
      if (key === 'containerd:dump') return machine.texts.get(DROP_IN) ?? machine.texts.get(CONFIG) ?? ''
      if (key === 'containerd:cri') return health(machine, conditions)
      if (key === 'kata:sandboxes') return conditions.sandboxes
      if (key.startsWith('kata:fitness')) return fitnessOf(conditions)
      if (key.startsWith('kata:shipped')) return treeIn(key, machine) ? SHIPPED_KATA : ''
      if (key.startsWith('kata:staged')) return { text: treeIn(key, machine) ? SHIPPED_KATA : '', missing: [] }
      if (key.startsWith('users:')) return 0
      if (key === 'containerd:sandboxes' || key === 'containerd:deprecations') return []
      if (key === 'containerd:exe') return '/usr/bin/containerd'
      if (key === 'containerd:metadata') return '/var/lib/containerd/meta.db'
      if (key.startsWith('containerd:can-return')) return true
      if (key.startsWith('containerd:words:')) return { before: '', defaults: '' }
      if (key.startsWith('kata:shim')) return shimOf(key, machine)
      throw new Error(`the machine in memory reports no ${key}`)
    },
  }
}

export function modelOf(wanted: Wanted): Model {
  const app = (name: string, more: Partial<Application>): Application => {
    return {
      name,
      charm: name,
      bundleOptions: {},
      setOptions: {},
      resources: {},
      machines: [],
      life: 'present',
      ...more,
    }
  }
  const ends = { provider: { app: 'containerd', endpoint: 'handlers' }, requirer: { app: 'kata', endpoint: 'runtime' } }
  return {
    name: 'model',
    id: 'id',
    machines: {},
    relations: [{ ...ends, life: wanted.related ? 'present' : 'absent' }],
    applications: {
      containerd: app('containerd', {
        machines: ['m'],
        life: wanted.containerd,
        bundleOptions: {
          restrict_oom_score_adj: wanted.restrictOom,
          ...(wanted.containerdVersion === undefined ? {} : { version: wanted.containerdVersion }),
          ...(wanted.via ? { via: wanted.via } : {}),
        },
      }),
      kata: app('kata', {
        life: wanted.kata,
        bundleOptions: { shims: wanted.shims, ...(wanted.memory === undefined ? {} : { memory: wanted.memory }) },
      }),
    },
  }
}

function health(machine: MemoryMachine, conditions: Conditions): unknown {
  const service = machine.cells.get('svc:containerd') as { active: string } | undefined
  const well = service?.active === 'active' && conditions.healthy
  return {
    plugins: [{ id: 'io.containerd.grpc.v1.cri', status: well ? 'ok' : 'error' }],
    runtime: well ? 'ready' : 'not ready',
  }
}

function fitnessOf(conditions: Conditions): unknown {
  const modules = { vhost_vsock: 'available', vhost_net: 'available' }
  const kvm = conditions.kvm ? 'open' : 'absent'
  const rest = {
    guest: false,
    modules,
    tun: true,
    cgroup: 'cgroup2fs',
    short: undefined,
    writable: true,
    unpacker: true,
  }
  return { arch: 'x86_64', virtualization: 'svm', kvm, ...rest }
}

/** The tree that a path below /opt/kata or in a version of its own leads to. */
function treeIn(key: string, machine: MemoryMachine): string | undefined {
  const own = /\/opt\/kata-(\d[\d.]*\d)\//.exec(key)?.[1]
  const linked = machine.cells.get('link:/opt/kata') as { target: string } | null | undefined
  const tree = own === undefined ? linked?.target : `/opt/kata-${own}`
  return tree !== undefined && machine.cells.get(`tree:${tree}`) ? tree : undefined
}

/** 3.99.0 is a version whose shim does not run. */
function shimOf(key: string, machine: MemoryMachine): unknown {
  const version = treeIn(key, machine)?.replace('/opt/kata-', '')
  return version === undefined || version === '3.99.0' ? { config: false } : { version, config: true }
}
