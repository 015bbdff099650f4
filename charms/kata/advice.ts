import type { Blob } from '../../lib/host/kind.ts'
import type { Config } from './config.ts'
import { DIGESTS } from './digests.ts'
import type { Fitness } from './fitness.ts'
import { ETC_GO, ETC_RUST, type Hints } from './hints.ts'
import { isAtLeast, type Layout } from './layout.ts'
import type { Fault } from './probes.ts'
import { isUntried, type ShimName, shimOf } from './shims.ts'

export interface Advised {
  config: Config
  layout: Layout
  fit: Fitness
  hints: Hints
  blob?: Pick<Blob, 'name' | 'sha256'>
}

/** What a person should know although it keeps nobody from installing; each with what mends it. */
export function adviceOf(about: Advised): Fault[] {
  const advice = [
    ...versionAdvice(about),
    ...cgroupAdvice(about),
    ...memoryAdvice(about),
    ...kernelAdvice(about),
    ...nvidiaAdvice(about),
    ...configAdvice(about),
    ...digestAdvice(about),
  ]
  return advice.map((fault) => ({ ...fault, warns: true }))
}

/** Known faults of a version that a newer one mends, and of a CPU. */
function versionAdvice({ config, layout, fit }: Advised): Fault[] {
  const { version } = layout
  const old = !isAtLeast(version, '4.1.0')
  const rust = config.shims.filter((shim) => shimOf(shim).runtime === 'rust')
  const secret = config.shims.filter((shim) => isConfidential(shim))
  const plain = secret.filter((shim) => config.snapshotters[shim] === undefined)
  const untried = config.shims.filter((shim) => isUntried(shim, fit.arch))
  return [
    ...advise(old && rust.length > 0, {
      probe: `shims ${rust.join(', ')}`,
      found: `Kata ${version}, which miscounts memory when sandboxes crash again and again (kata-containers#12748)`,
      needed: '4.1.0 or later',
      mend: 'take a newer archive',
    }),
    ...advise(old && secret.length > 0, {
      probe: `shims ${secret.join(', ')}`,
      found: `Kata ${version}, whose policy can be got round (GHSA-fmg6-v47x-52wr)`,
      needed: '4.1.0 or later',
      mend: 'take a newer archive',
    }),
    ...advise(plain.length > 0, {
      probe: `shims ${plain.join(', ')}`,
      found: 'the runtime’s default snapshotter, which unpacks images on the host',
      needed: 'images that the guest pulls itself, as upstream’s own installer sets it up',
      mend: `run nydus-snapshotter as containerd’s proxy plugin, and set snapshotters: { ${plain.join(': nydus, ')}: nydus }`,
    }),
    ...advise(untried.length > 0, {
      probe: `shims ${untried.join(', ')}`,
      found: `${fit.arch}, for which they are built and not offered upstream`,
      needed: 'x86_64',
      mend: 'try them before you rely on them, or take qemu',
    }),
    ...advise((fit.arch === 'aarch64' || fit.arch === 'ppc64le') && !isStatic(config), {
      probe: 'CPU limits',
      found: `${fit.arch}, where a virtual machine gets no further CPUs while it runs (kata-containers#9433)`,
      needed: 'virtual machines of their final size',
      mend: 'set for Go shims, in settings: runtime.static_sandbox_resource_mgmt: true',
    }),
  ]
}

/** kubespray#13389: Kata before 3.21 fails on hosts with cgroup v2 alone (kata-containers#927, #3073). */
function cgroupAdvice({ layout, fit }: Advised): Fault[] {
  const { version } = layout
  return [
    ...advise(fit.cgroup === 'cgroup2fs' && !isAtLeast(version, '3.21.0'), {
      probe: 'cgroup version',
      found: `cgroup v2 and Kata ${version}`,
      needed: 'Kata 3.21.0 or later on cgroup v2',
      mend: 'take a newer archive',
    }),
    ...advise(fit.cgroup !== 'cgroup2fs' && isAtLeast(version, '3.21.0'), {
      probe: 'cgroup version',
      found: `cgroup v1 (${fit.cgroup || 'none'})`,
      needed: 'cgroup v2',
      mend: 'boot with systemd.unified_cgroup_hierarchy=1',
    }),
  ]
}

function memoryAdvice({ config, fit, hints }: Advised): Fault[] {
  const each = config.memory ?? 2048
  const mib = (kib: number) => `${Math.floor(kib / 1024)} MiB`
  return [
    ...advise(hints.memory < each * 1024, {
      probe: 'memory',
      found: `${mib(hints.memory)} free`,
      needed: `${each} MiB for one sandbox without limits`,
      mend: 'set the option memory to less, or free some',
    }),
    ...advise(hints.shm < each * 1024 && config.shims.some((shim) => shim.startsWith('qemu')), {
      probe: '/dev/shm',
      found: mib(hints.shm),
      needed: `${each} MiB: QEMU keeps a sandbox’s memory there, and a full one kills it (kata-containers#12919)`,
      mend: `mount -o remount,size=${each * 2}M /dev/shm, and the same in /etc/fstab`,
    }),
    ...advise(fit.guest && fit.kvm === 'open', {
      probe: 'nested virtualization',
      found: 'a machine that is itself a guest',
      needed: 'patience: sandboxes start several times slower there',
      mend: 'give the agent more time, in settings: agent.kata.dial_timeout, runtime.create_container_timeout',
    }),
  ]
}

function kernelAdvice({ fit, hints, config }: Advised): Fault[] {
  const unloaded = Object.values(fit.modules).some((state) => state !== 'loaded')
  return [
    ...advise(hints.lockdown !== undefined && unloaded, {
      probe: 'kernel lockdown',
      found: hints.lockdown ?? '',
      needed: 'modules that the distribution has signed',
      mend: 'take the distribution’s own vhost modules, or sign yours: mokutil --import',
    }),
    ...advise(hints.vmware && fit.modules['vhost_vsock'] !== 'loaded', {
      probe: 'kernel module vhost_vsock',
      found: 'VMware’s vsock transport, which may hold its device (kata-containers#3459)',
      needed: 'the device free',
      mend: 'echo "blacklist vmw_vsock_vmci_transport" >/etc/modprobe.d/vmw-vsock.conf, then boot anew',
    }),
    ...advise(hints.selinux, {
      probe: 'SELinux',
      found: 'enforcing',
      needed: 'labels on the shims and QEMU (kata-containers#13751)',
      mend: `semanage fcontext -a -t container_runtime_exec_t '${config.prefix}-.*/bin/containerd-shim-kata-v2'; restorecon -R ${config.prefix}-*`,
    }),
    ...advise(hints.clock < EARLIEST, {
      probe: 'clock',
      found: new Date(hints.clock * 1000).toISOString().slice(0, 10),
      needed: 'the time of day: certificates of registries are not valid yet',
      mend: 'timedatectl set-ntp true',
    }),
  ]
}

/** Pods get GPUs that the host's own driver has let go of. NUMA: kata-containers#13539. */
function nvidiaAdvice({ config, hints }: Advised): Fault[] {
  const shims = config.shims.filter((shim) => shim.startsWith('qemu-nvidia-gpu'))
  const free = hints.gpus.some((driver) => driver === 'vfio-pci')
  return [
    ...advise(shims.length > 0 && !free, {
      probe: `shims ${shims.join(', ')}`,
      found: hints.gpus.length === 0 ? 'no NVIDIA device' : `NVIDIA devices that ${hints.gpus.join(', ')} holds`,
      needed: 'one that vfio-pci holds, and the IOMMU switched on',
      mend: 'bind it: driverctl set-override SLOT vfio-pci; boot with intel_iommu=on or amd_iommu=on',
    }),
    ...advise(shims.some((shim) => !shim.endsWith('-runtime-rs')) && free && hints.numa > 1, {
      probe: 'NUMA nodes',
      found: `${hints.numa}, to which virtual machines with GPUs are not pinned (kata-containers#13539)`,
      needed: 'guest and GPU on one node',
      mend: 'set in settings: hypervisor.qemu.enable_numa: true, where its file knows that',
    }),
  ]
}

/** 2025-01-01: before that no supported release of containerd or Kata was made. */
const EARLIEST = 1735689600

/** A file in /etc hides the shipped one as a whole, where no ConfigPath names another. */
function configAdvice({ config, layout, hints }: Advised): Fault[] {
  const rust = layout.rustConfigs.endsWith('runtime-rs') ? ETC_RUST : ETC_GO
  const readers = (file: string) => [
    ...(file === ETC_GO && layout.runtimes.includes('go') ? ['the Go runtime and kata-runtime'] : []),
    ...(file === rust && layout.runtimes.includes('rust') ? ['the Rust runtime'] : []),
  ]
  const masks = hints.etc.map((file): Fault => {
    const who = readers(file).join(' and ')
    return {
      probe: file,
      found: who === '' ? 'a file that no runtime of this archive reads' : `a file that ${who} read first, and whole`,
      needed:
        'nothing for pods: handlers here name their own file. Without one, as with ctr, it hides the shipped file and all of its new defaults',
      mend: 'move what you need of it to the option settings, then take it away',
    }
  })
  const rusts = config.shims.some((shim) => shimOf(shim).runtime === 'rust')
  const over = hints.env.map((file): Fault => ({
    probe: file,
    found: 'KATA_CONF_FILE',
    needed: rusts
      ? 'none: the Rust runtime takes it before the file that its handler names'
      : 'none: kata-runtime and a Go shim without a file of its own take it; from 4.0.0 on only shipped paths pass',
    mend: 'take the line out, systemctl daemon-reload, and restart containerd',
  }))
  return [...masks, ...over]
}

/** The archive was checked against the digest that the bundle gives; this is about that digest. */
function digestAdvice({ blob }: Advised): Fault[] {
  const known = blob === undefined ? undefined : DIGESTS[blob.name]
  const probe = blob?.name ?? ''
  return [
    ...advise(known !== undefined && known !== blob?.sha256, {
      probe,
      found: `the digest ${blob?.sha256 ?? ''}`,
      needed: `${known}, as published for this release`,
      mend: 'fetch the release anew, or give an archive of your own another name',
    }),
    ...advise(/\d-(alpha|beta|rc)/.test(probe), {
      probe,
      found: 'a version that was never released: it has a dash',
      needed: 'a release',
      mend: 'take the release that followed it',
    }),
  ]
}

function advise(so: boolean, fault: Fault): Fault[] {
  return so ? [fault] : []
}

function isConfidential(shim: ShimName): boolean {
  return /^qemu-(nvidia-gpu-)?(coco|snp|tdx|se\b|sev|cca)/.test(shim)
}

function isStatic(config: Config): boolean {
  return config.shims.every(
    (shim) =>
      shimOf(shim).runtime === 'rust' || config.settings[shim]?.['runtime.static_sandbox_resource_mgmt'] === true,
  )
}
