import { type ConfigStyle, renderKataConfig } from './stand-in-config.ts'
import type { TarEntry } from './tar.ts'

/** What the file contents are of: `static` until 4.0 holds both runtimes, from 4.1 on each archive has one. */
export type KataKind = 'static' | 'go-static'

/** How the releases of some versions are laid out (tags of kata-containers; 3.20.0 was looked at as an archive). */
interface Generation {
  go: readonly string[]
  rust: readonly string[]
  /** Where the Rust runtime's configurations lie, below the Go runtime's. */
  rustFolder: string
  virtiofsd: string
  /** VERSION and versions.yaml at the top. */
  labelled: boolean
  config: ConfigStyle
}

const FIRST_GO = ['acrn', 'clh', 'fc', 'qemu']
const GO_3 = [
  'qemu',
  'clh',
  'fc',
  'remote',
  'stratovirt',
  'qemu-coco-dev',
  'qemu-nvidia-gpu',
  'qemu-se',
  'qemu-snp',
  'qemu-tdx',
]
const RUST_3 = ['dragonball', 'cloud-hypervisor', 'qemu-runtime-rs', 'rs-fc', 'remote']
const GO_4 = ['qemu', 'clh', 'fc', 'remote', 'qemu-coco-dev', 'qemu-nvidia-gpu', 'qemu-se', 'qemu-snp', 'qemu-tdx']
const RUST_4 = [
  'dragonball',
  'clh-runtime-rs',
  'qemu-runtime-rs',
  'rs-fc',
  'remote',
  'qemu-coco-dev-runtime-rs',
  'qemu-se-runtime-rs',
  'qemu-snp-runtime-rs',
  'qemu-tdx-runtime-rs',
]

function generationOf(version: string, kind: KataKind): Generation {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const number = major * 1000 + minor
  const now = { rustFolder: 'runtime-rs/', virtiofsd: 'libexec/virtiofsd', labelled: true } as const
  if (number >= 4001) {
    return { ...now, go: kind === 'static' ? [] : GO_4, rust: kind === 'static' ? RUST_4 : [], config: 'spelled' }
  }
  if (number >= 3030) return { ...now, go: GO_4, rust: number === 4000 ? RUST_4.slice(1) : RUST_4, config: 'spelled' }
  if (number >= 3003) return { ...now, go: GO_3, rust: RUST_3, config: 'short' }
  const early = { ...now, go: FIRST_GO, rustFolder: '', labelled: false, config: 'commented' } as const
  if (number >= 3000) return { ...early, rust: ['dragonball'] }
  return { ...early, rust: [], virtiofsd: number >= 2005 ? 'libexec/virtiofsd' : 'libexec/kata-qemu/virtiofsd' }
}

/** The entries of a release, with stand-in contents. `machine`: x86_64, aarch64, … */
export function kataEntries(version: string, machine: string, kind: KataKind = 'static'): TarEntry[] {
  const generation = generationOf(version, kind)
  const files = [
    ...top(version, generation),
    ...programs(version, machine, generation),
    ...guest(),
    ...configs(machine, generation),
  ]
  const inside = files.map((entry) => ({ ...entry, path: `./opt/kata/${entry.path}` }))
  return [...foldersOf(inside), ...inside].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function top(version: string, { labelled }: Generation): TarEntry[] {
  const note = `This is no Kata Containers. It is a stand-in for kata-static ${version} that kcharm made to be tried with:
its programs answer --version and do nothing else, its kernels and images are a line of text.
`
  const versions = `# stand-in\nassets:\n  hypervisor:\n    qemu:\n      version: "v9.1.2"\n  kernel:\n    version: "v6.12.36"\n`
  return [
    { path: 'STAND-IN', file: note },
    ...(labelled
      ? [
          { path: 'VERSION', file: `${version}\n` },
          { path: 'versions.yaml', file: versions },
        ]
      : []),
  ]
}

function programs(version: string, machine: string, { go, rust, virtiofsd, config }: Generation): TarEntry[] {
  const named = config === 'commented' ? ['', ''] : [' (Golang)', ' (Rust)']
  const shim = (name: string, id: string) =>
    `Kata Containers containerd shim${name}: id: ${id}, version: ${version}, commit: stand-in`
  const answers: Record<string, string> = {
    ...(go.length === 0 ? {} : goPrograms(version, shim(named[0] ?? '', '"io.containerd.kata.v2"'))),
    [`bin/qemu-system-${machine}`]: 'QEMU emulator version 9.1.2 (stand-in)',
    'bin/cloud-hypervisor': 'cloud-hypervisor v44.0.0 (stand-in)',
    [virtiofsd]: 'virtiofsd 1.13.0 (stand-in)',
    'libexec/nydusd': 'Version: v2.2.3 (stand-in)',
    ...(rust.length === 0
      ? {}
      : { 'runtime-rs/bin/containerd-shim-kata-v2': shim(named[1] ?? '', 'io.containerd.kata.v2') }),
  }
  return Object.entries(answers).map(([path, answer]) => ({ path, mode: 0o755, file: program(path, answer) }))
}

function goPrograms(version: string, shim: string): Record<string, string> {
  return {
    'bin/containerd-shim-kata-v2': shim,
    'bin/kata-runtime': `kata-runtime  : ${version}\n   commit   : stand-in\n   OCI specs: 1.2.0`,
    'bin/kata-monitor': `kata-monitor\n Version:\t${version}\n Git commit:\tstand-in`,
    'bin/kata-collect-data.sh': `kata-collect-data.sh version ${version} (commit stand-in)`,
    'bin/firecracker': 'Firecracker v1.11.0 (stand-in)',
    'bin/jailer': 'Jailer v1.11.0 (stand-in)',
  }
}

function program(path: string, answer: string): string {
  return `#!/bin/sh
# A stand-in: it answers --version and nothing else.
case $1 in
--version | -v) printf '%s\\n' '${answer.replaceAll('\n', "' '")}' ;;
*) echo "${path}: a stand-in, which runs nothing" >&2; exit 1 ;;
esac
`
}

function guest(): TarEntry[] {
  const at = (name: string, more: Omit<TarEntry, 'path'>): TarEntry => ({
    path: `share/kata-containers/${name}`,
    ...more,
  })
  const bulk = [
    'vmlinux-6.12.36-158',
    'vmlinuz-6.12.36-158',
    'vmlinux-6.12.36-158-dragonball-experimental',
    'config-6.12.36-158',
  ]
  const images = ['kata-ubuntu-noble.image', 'kata-alpine-3.22.initrd']
  return [
    ...[...bulk, ...images].map((name) => at(name, { file: `stand-in for ${name}\n` })),
    at('vmlinux.container', { link: 'vmlinux-6.12.36-158' }),
    at('vmlinuz.container', { link: 'vmlinuz-6.12.36-158' }),
    at('vmlinux-dragonball-experimental.container', { link: 'vmlinux-6.12.36-158-dragonball-experimental' }),
    at('kata-containers.img', { link: 'kata-ubuntu-noble.image' }),
    at('kata-containers-initrd.img', { link: 'kata-alpine-3.22.initrd' }),
    { path: 'share/kata-qemu/qemu/bios-256k.bin', file: 'stand-in for bios-256k.bin\n' },
  ]
}

/** In the archive with the Rust runtime alone `configuration.toml` leads nowhere, as in the release. */
function configs(machine: string, { go, rust, rustFolder, config: style }: Generation): TarEntry[] {
  const folder = 'share/defaults/kata-containers'
  const file = (shim: string, family: 'go' | 'rust') => ({
    path: `${folder}/${family === 'rust' ? rustFolder : ''}configuration-${shim}.toml`,
    file: renderKataConfig(shim, { machine, rust: family === 'rust', style }),
  })
  const link = { path: `${folder}/runtime-rs/configuration.toml`, link: 'configuration-qemu-runtime-rs.toml' }
  return [
    ...go.map((shim) => file(shim, 'go')),
    ...rust.map((shim) => file(shim, 'rust')),
    { path: `${folder}/configuration.toml`, link: 'configuration-qemu.toml' },
    ...(rust.length > 0 && rustFolder !== '' ? [link] : []),
  ]
}

function foldersOf(entries: readonly TarEntry[]): TarEntry[] {
  const all = entries.flatMap(({ path }) => path.split('/').map((_, i, parts) => parts.slice(0, i).join('/')))
  return [...new Set(all)].filter((path) => path !== '').map((path) => ({ path }))
}
