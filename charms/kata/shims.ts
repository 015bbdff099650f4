import type { Arch, Layout } from './layout.ts'
import { isAtLeast } from './layout.ts'

/** A shim of the releases: which runtime it belongs to, on which CPUs and in which versions it comes. */
interface Shim {
  runtime: 'go' | 'rust'
  cpus: readonly Arch[]
  /** CPUs for which it is built, but on which upstream's own installer does not offer it. */
  untried?: readonly Arch[]
  since: string
  /** The last version that has it, and what took its place. */
  until?: string
  successor?: string
  /** Versions in which it is broken, each with the word why. */
  broken?: Record<string, string>
  /** Takes block devices only: the default snapshotter gives it no root file system (kata-containers#8764). */
  block?: true
  /** Offered in no version, since what it needs besides a release is nothing that kcharm brings. */
  refused?: { why: string; mend: string }
}

/** kata-containers, src/runtime/Makefile and src/runtime-rs/Makefile: KERNELPATH_CLH_AZURE, IMAGEPATH_AZURE. */
const AZURE = {
  why: 'it is for Microsoft’s hypervisor (/dev/mshv) on Azure Linux, which brings its guest kernel',
  mend: 'take clh or clh-runtime-rs on KVM',
}

const EVERY: readonly Arch[] = ['x86_64', 'aarch64', 's390x', 'ppc64le']

/**
 * Versions: tags whose src/runtime/config or src/runtime-rs/config has the shim's template. CPUs: arch/*-options.mk beside
 * those, and supportedArches of kata-deploy's chart (kata-containers 4.1.0).
 */
const TABLE = {
  qemu: { runtime: 'go', cpus: EVERY, since: '2.0.0' },
  clh: { runtime: 'go', cpus: ['x86_64'], untried: ['aarch64'], since: '2.0.0' },
  fc: { runtime: 'go', cpus: ['x86_64'], untried: ['aarch64'], since: '2.0.0', block: true },
  'qemu-runtime-rs': { runtime: 'rust', cpus: EVERY, since: '3.4.0' },
  'clh-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '3.30.0' },
  'cloud-hypervisor': {
    runtime: 'rust',
    cpus: ['x86_64'],
    untried: ['aarch64'],
    since: '3.3.0',
    until: '3.29.0',
    successor: 'clh-runtime-rs',
  },
  dragonball: {
    runtime: 'rust',
    cpus: ['x86_64'],
    untried: ['aarch64'],
    since: '3.0.0',
    broken: { '4.0.0': 'its archive has no configuration for it (kata-containers#13485)' },
  },
  'qemu-coco-dev': { runtime: 'go', cpus: ['x86_64', 's390x'], since: '3.5.0' },
  'qemu-coco-dev-runtime-rs': { runtime: 'rust', cpus: ['x86_64', 'aarch64', 's390x'], since: '3.23.0' },
  'qemu-snp': { runtime: 'go', cpus: ['x86_64'], since: '3.2.0' },
  'qemu-snp-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '3.25.0' },
  'qemu-tdx': { runtime: 'go', cpus: ['x86_64'], since: '3.2.0' },
  'qemu-tdx-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '3.25.0' },
  'qemu-se': { runtime: 'go', cpus: ['s390x'], since: '3.3.0' },
  'qemu-se-runtime-rs': { runtime: 'rust', cpus: ['s390x'], since: '3.15.0' },
  'qemu-sev': { runtime: 'go', cpus: ['x86_64'], since: '3.2.0', until: '3.12.0', successor: 'qemu-snp' },
  'qemu-cca': { runtime: 'go', cpus: ['aarch64'], since: '3.22.0', until: '3.32.0' },
  'qemu-nvidia-cpu': { runtime: 'go', cpus: ['x86_64', 'aarch64'], since: '4.0.0' },
  'qemu-nvidia-cpu-runtime-rs': { runtime: 'rust', cpus: ['x86_64', 'aarch64'], since: '4.0.0' },
  'qemu-nvidia-gpu': { runtime: 'go', cpus: ['x86_64'], since: '3.2.0' },
  'qemu-nvidia-gpu-runtime-rs': { runtime: 'rust', cpus: ['x86_64', 'aarch64'], since: '3.31.0' },
  'qemu-nvidia-gpu-snp': { runtime: 'go', cpus: ['x86_64'], since: '3.5.0' },
  'qemu-nvidia-gpu-snp-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '3.31.0' },
  'qemu-nvidia-gpu-tdx': { runtime: 'go', cpus: ['x86_64'], since: '3.5.0' },
  'qemu-nvidia-gpu-tdx-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '3.31.0' },
  remote: {
    runtime: 'go',
    cpus: ['x86_64', 'ppc64le', 's390x'],
    since: '3.3.0',
    refused: {
      why: 'its virtual machines run elsewhere, and cloud-api-adaptor, which starts them, is none of kcharm’s',
      mend: 'install peer pods with the operator of confidential-containers',
    },
  },
  'clh-azure': { runtime: 'go', cpus: ['x86_64'], since: '3.32.0', refused: AZURE },
  'clh-azure-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '3.32.0', refused: AZURE },
  'openvmm-azure-runtime-rs': { runtime: 'rust', cpus: ['x86_64'], since: '4.1.0', refused: AZURE },
  stratovirt: {
    runtime: 'go',
    cpus: ['x86_64', 'aarch64'],
    since: '3.3.0',
    refused: { why: 'releases hold its configuration, and no StratoVirt', mend: 'take qemu or clh' },
  },
  acrn: {
    runtime: 'go',
    cpus: ['x86_64'],
    since: '2.0.0',
    until: '3.9.0',
    refused: { why: 'releases hold its configuration, and no ACRN', mend: 'take qemu or clh' },
  },
  'rs-fc': {
    runtime: 'rust',
    cpus: ['x86_64', 'aarch64'],
    since: '3.7.0',
    refused: { why: 'the Rust runtime panics with it (kata-containers#13484)', mend: 'take fc, of the Go runtime' },
  },
} as const satisfies Record<string, Shim>

export type ShimName = keyof typeof TABLE
export const SHIMS = Object.keys(TABLE) as [ShimName, ...ShimName[]]

export function shimOf(name: ShimName): Shim {
  return TABLE[name]
}

/** Paths below the prefix, as the release archives lay them out. Binary and configuration family belong together. */
export function shimPaths(prefix: string, layout: Layout, name: ShimName): { binary: string; config: string } {
  const rust = shimOf(name).runtime === 'rust'
  const folder = rust ? layout.rustConfigs : layout.goConfigs
  return {
    binary: `${prefix}${rust ? '/runtime-rs' : ''}/bin/containerd-shim-kata-v2`,
    config: `${prefix}/${folder}/configuration-${name}.toml`,
  }
}

/** Why nobody gets this shim from kcharm, and what can be done. */
export function refusedEverywhere(name: ShimName): { why: string; mend: string } | undefined {
  const { refused } = shimOf(name)
  return refused === undefined
    ? undefined
    : { why: `the shim ${name} is not offered: ${refused.why}`, mend: refused.mend }
}

/** Why this archive on this CPU cannot have the shim, and what can be done; nothing when it can. */
export function refusalOf(name: ShimName, layout: Layout, arch: string): { why: string; mend: string } | undefined {
  const refused = refusedEverywhere(name)
  if (refused !== undefined) return refused
  const shim: Shim = TABLE[name]
  const { version } = layout
  if (!isAtLeast(version, shim.since)) {
    return { why: `Kata ${version} has no shim ${name}: it came with ${shim.since}`, mend: 'take a newer archive' }
  }
  if (shim.until !== undefined && !isAtLeast(shim.until, version)) {
    const mend = shim.successor === undefined ? 'take it out of shims' : `take ${shim.successor}`
    return { why: `Kata ${version} has no shim ${name}: ${shim.until} was its last version`, mend }
  }
  const broken = shim.broken?.[version]
  if (broken !== undefined) {
    return { why: `the shim ${name} of Kata ${version} does not work: ${broken}`, mend: 'take another version' }
  }
  if (![...shim.cpus, ...(shim.untried ?? [])].some((cpu) => cpu === arch)) {
    const mend = 'take a shim for this CPU, such as qemu or qemu-runtime-rs'
    return { why: `the shim ${name} is not built for ${arch}, only for ${shim.cpus.join(', ')}`, mend }
  }
  return missingRuntime(name, layout)
}

/** Built for the CPU, but left out there by upstream's own installer. */
export function isUntried(name: ShimName, arch: string): boolean {
  const shim: Shim = TABLE[name]
  return shim.untried?.some((cpu) => cpu === arch) ?? false
}

/** From 4.1.0 on each of the two archives has one runtime (kata-containers, docs/releases/4.1.0.md). */
function missingRuntime(name: ShimName, { version, runtimes }: Layout): { why: string; mend: string } | undefined {
  const { runtime } = shimOf(name)
  if (runtimes.includes(runtime)) return undefined
  const [has, want] = runtime === 'go' ? ['kata-static', 'kata-go-static'] : ['kata-go-static', 'kata-static']
  const words = { go: 'Go', rust: 'Rust' }
  return {
    why: `the shim ${name} is of the ${words[runtime]} runtime, and ${has}-${version} does not hold it`,
    mend: `give ${want}-${version} instead, or take a shim of its own runtime`,
  }
}
