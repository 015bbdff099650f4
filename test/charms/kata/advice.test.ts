import { describe, expect, test } from 'vitest'
import { adviceOf } from '../../../charms/kata/advice.ts'
import { kata } from '../../../charms/kata/charm.ts'
import { config } from '../../../charms/kata/config.ts'
import type { Fitness } from '../../../charms/kata/fitness.ts'
import type { Hints } from '../../../charms/kata/hints.ts'
import { layoutOf } from '../../../charms/kata/layout.ts'
import { askAction, type StageState } from '../../../lib/testing/index.ts'
import { spaceKiB } from '../../../charms/kata/probes.ts'
import { fit, machine } from './machine.ts'

interface Case {
  version?: string
  options?: Record<string, unknown>
  fit?: Partial<Fitness>
  hints?: Partial<Hints>
}

const NOTHING = { katas: [], marks: [], entries: [] }
const calm: Hints = {
  memory: 8 << 20,
  shm: 8 << 20,
  selinux: false,
  etc: [],
  env: [],
  clock: 1_800_000_000,
  vmware: false,
  gpus: [],
  numa: 1,
}
const GUEST_PULL = { 'qemu-snp': 'nydus' }
const GPU = ['qemu-nvidia-gpu']

test('a current version on a plain machine needs no advice', () => {
  expect(advise({})).toEqual([])
})

/** The words in brackets are the rows of kata.md section 9. */
describe.each<[string, Case, RegExp]>([
  ['Rust before 4.1 (kata#12748)', { version: '4.0.0', options: { shims: ['qemu-runtime-rs'] } }, /miscounts memory/],
  [
    'confidential before 4.1 (GHSA-fmg6-v47x-52wr)',
    { version: '4.0.0', options: { shims: ['qemu-snp'], snapshotters: GUEST_PULL } },
    /policy can/,
  ],
  [
    'confidential on the default snapshotter (kata.md 3.5)',
    { options: { shims: ['qemu-snp'] } },
    /images that the guest pulls itself.*snapshotters: \{ qemu-snp: nydus \}/,
  ],
  ['GPU shims without a GPU', { options: { shims: GPU } }, /found no NVIDIA device, needs one that vfio-pci holds/],
  [
    'a GPU that the host’s driver holds',
    { options: { shims: GPU }, hints: { gpus: ['nvidia'] } },
    /found NVIDIA devices that nvidia holds.*vfio-pci/,
  ],
  [
    'GPUs on several NUMA nodes (kata#13539)',
    { options: { shims: GPU }, hints: { gpus: ['vfio-pci'], numa: 2 } },
    /NUMA nodes: found 2, .*enable_numa: true/,
  ],
  [
    'a CPU that upstream does not offer',
    { version: '4.1.0', options: { shims: ['dragonball'] }, fit: { arch: 'aarch64' } },
    /not offered upstream/,
  ],
  ['CPU limits without hotplug (kata#9433)', { fit: { arch: 'aarch64' } }, /static_sandbox_resource_mgmt: true/],
  ['cgroup v2 with an old Kata (kata#927, #3073)', { version: '3.20.0' }, /needs Kata 3\.21\.0 or later on cgroup v2/],
  ['cgroup v1', { fit: { cgroup: 'tmpfs' } }, /cgroup v1 \(tmpfs\)/],
  ['little memory (kata#7470)', { hints: { memory: 1 << 20 } }, /memory: found 1024 MiB free, needs 2048 MiB/],
  ['a small /dev/shm (kata#12919)', { hints: { shm: 1 << 16 } }, /\/dev\/shm: found 64 MiB.*remount,size=4096M/],
  ['nested (kata#2499)', { fit: { guest: true } }, /start several times slower.*dial_timeout/],
  ['lockdown', { hints: { lockdown: 'integrity' } }, /kernel lockdown: found integrity.*mokutil/],
  ['VMware’s vsock (kata#3459)', { hints: { vmware: true } }, /VMware’s vsock transport.*blacklist/],
  ['SELinux (kata#13751)', { hints: { selinux: true } }, /SELinux: found enforcing.*restorecon/],
  ['a clock that is off', { hints: { clock: 0 } }, /clock: found 1970-01-01.*set-ntp/],
  [
    'a masking file of the Go runtime (kata.md 2.1)',
    { hints: { etc: ['/etc/kata-containers/configuration.toml'] } },
    /that the Go runtime and kata-runtime read first, and whole.*ctr, it hides the shipped file/,
  ],
  [
    'a masking file of the Rust runtime',
    { version: '3.32.0', hints: { etc: ['/etc/kata-containers/runtime-rs/configuration.toml'] } },
    /that the Rust runtime read first/,
  ],
  [
    'a file that nobody reads',
    { hints: { etc: ['/etc/kata-containers/runtime-rs/configuration.toml'] } },
    /that no runtime of this archive reads/,
  ],
  [
    'KATA_CONF_FILE before a Rust shim’s own file',
    { options: { shims: ['dragonball'] }, hints: { env: ['/etc/x.conf'] } },
    /x\.conf: found KATA_CONF_FILE, needs none: the Rust runtime takes it before/,
  ],
  ['KATA_CONF_FILE', { hints: { env: ['/etc/x.conf'] } }, /from 4\.0\.0 on only shipped paths pass/],
])('%s', (_name, given, words) => {
  test('is a warning with what mends it', () => {
    expect(advise(given)).toEqual([expect.stringMatching(words)])
  })
})

test('a digest that differs from the published one is named; of others nothing is known', () => {
  const about = { config: config.parse({}), layout: layoutOf('3.32.0', 'static'), fit, hints: calm }
  const faults = (name: string, sha256: string) => adviceOf({ ...about, blob: { name, sha256 } })
  const right = '1449ecea50bd91fa73a94648db195d18950fe869ba4b1f12d05f55f1fa7c1b01'
  expect(faults('kata-static-3.32.0-amd64.tar.zst', 'ab')).toMatchObject([{ found: 'the digest ab', warns: true }])
  expect(faults('kata-static-3.32.0-amd64.tar.zst', right)).toEqual([])
  expect(faults('kata-static-3.31.0-amd64.tar.zst', 'ab')).toEqual([])
  expect(faults('kata-static-3.31.0-rc0-amd64.tar.zst', 'ab')).toMatchObject([
    { found: 'a version that was never released: it has a dash' },
  ])
})

describe('the action preflight', () => {
  test('gives faults and warnings apart, and says no for a fault', () => {
    const state = machine({ kvm: 'absent', arch: 'x86_64' }, { config: { default: 'clh' } })
    const answer = ask({
      ...state,
      observed: { ...state.observed, 'kata:hints': calm, 'kata:found:/opt/kata': NOTHING },
    })
    expect(answer).toMatchObject({
      ok: false,
      says: '2 faults, 1 warning',
      result: {
        faults: [{ found: 'default is clh, which is not among the shims' }, { probe: '/dev/kvm' }],
        warnings: [{ probe: 'cgroup version' }],
      },
    })
  })

  test('says yes where there are only warnings', () => {
    const state = machine()
    expect(
      ask({ ...state, observed: { ...state.observed, 'kata:hints': calm, 'kata:found:/opt/kata': NOTHING } }).ok,
    ).toBe(true)
  })

  test('without an archive the machine is judged for the newest release', () => {
    expect(ask(bare({ kvm: 'absent' }))).toMatchObject({ ok: false })
    expect(ask(bare({}))).toMatchObject({ ok: true })
    const busy = bare({})
    expect(ask({ ...busy, observed: { ...busy.observed, 'kata:kvm-machine': 'busy' } })).toMatchObject({ ok: false })
  })

  test('cannot be asked where a Kata is to be used that is not there', () => {
    expect(() => ask({ ...bare({}), config: { source: 'present' } })).toThrow('no Kata was found')
  })
})

function bare(more: object): StageState {
  const key = `kata:fitness:/opt/kata::${spaceKiB(0)}`
  return {
    resources: {},
    observed: {
      [key]: { ...fit, ...more },
      'link:/opt/kata': null,
      'kata:hints': calm,
      'kata:found:/opt/kata': NOTHING,
      'kata:sandboxes': [],
      'kata:kvm-machine': 'made',
    },
  }
}

function ask(state: StageState) {
  return askAction(kata, 'preflight', state).parse('')
}

function advise(given: Case): string[] {
  const options = config.parse(given.options ?? {})
  const layout = layoutOf(given.version ?? '4.1.0', given.version === undefined ? 'go' : 'static')
  const about = { config: options, layout, fit: { ...fit, ...given.fit }, hints: { ...calm, ...given.hints } }
  const faults = adviceOf(about)
  expect(faults.every(({ warns }) => warns)).toBe(true)
  return faults.map(({ probe, found, needed, mend }) => `${probe}: found ${found}, needs ${needed} (${mend})`)
}
