import { renderKataConfig } from './stand-in-config.ts'
import type { TarEntry } from './tar.ts'

const GO_SHIMS = [
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
const RUST_SHIMS = ['dragonball', 'cloud-hypervisor', 'qemu-runtime-rs', 'rs-fc', 'remote']

/** The entries of a kata-static release as of 3.20.0, with stand-in contents. `machine`: x86_64, aarch64, … */
export function kataEntries(version: string, machine: string): TarEntry[] {
  const files = [...top(version), ...programs(version, machine), ...guest(), ...configs(machine)]
  const inside = files.map((entry) => ({ ...entry, path: `./opt/kata/${entry.path}` }))
  return [...foldersOf(inside), ...inside].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function top(version: string): TarEntry[] {
  const note = `This is no Kata Containers. It is a stand-in for kata-static ${version} that kcharm made to be tried with:
its programs answer --version and do nothing else, its kernels and images are a line of text.
`
  const versions = `# stand-in\nassets:\n  hypervisor:\n    qemu:\n      version: "v9.1.2"\n  kernel:\n    version: "v6.12.36"\n`
  return [
    { path: 'STAND-IN', file: note },
    { path: 'VERSION', file: `${version}\n` },
    { path: 'versions.yaml', file: versions },
  ]
}

function programs(version: string, machine: string): TarEntry[] {
  const go = `Kata Containers containerd shim (Golang): id: "io.containerd.kata.v2", version: ${version}, commit: stand-in`
  const rust = `Kata Containers containerd shim (Rust): id: io.containerd.kata.v2, version: ${version}, commit: stand-in`
  const answers: Record<string, string> = {
    'bin/containerd-shim-kata-v2': go,
    'bin/kata-runtime': `kata-runtime  : ${version}\n   commit   : stand-in\n   OCI specs: 1.2.0`,
    'bin/kata-monitor': `kata-monitor\n Version:\t${version}\n Git commit:\tstand-in`,
    'bin/kata-collect-data.sh': `kata-collect-data.sh version ${version} (commit stand-in)`,
    [`bin/qemu-system-${machine}`]: 'QEMU emulator version 9.1.2 (stand-in)',
    'bin/cloud-hypervisor': 'cloud-hypervisor v44.0.0 (stand-in)',
    'bin/firecracker': 'Firecracker v1.11.0 (stand-in)',
    'bin/jailer': 'Jailer v1.11.0 (stand-in)',
    'libexec/virtiofsd': 'virtiofsd 1.13.0 (stand-in)',
    'libexec/nydusd': 'Version: v2.2.3 (stand-in)',
    'runtime-rs/bin/containerd-shim-kata-v2': rust,
  }
  return Object.entries(answers).map(([path, answer]) => ({ path, mode: 0o755, file: program(path, answer) }))
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

function configs(machine: string): TarEntry[] {
  const folder = 'share/defaults/kata-containers'
  return [
    ...GO_SHIMS.map((shim) => ({
      path: `${folder}/configuration-${shim}.toml`,
      file: renderKataConfig(shim, { machine, rust: false }),
    })),
    ...RUST_SHIMS.map((shim) => ({
      path: `${folder}/runtime-rs/configuration-${shim}.toml`,
      file: renderKataConfig(shim, { machine, rust: true }),
    })),
    { path: `${folder}/configuration.toml`, link: 'configuration-qemu.toml' },
    { path: `${folder}/runtime-rs/configuration.toml`, link: 'configuration-qemu-runtime-rs.toml' },
  ]
}

function foldersOf(entries: readonly TarEntry[]): TarEntry[] {
  const all = entries.flatMap(({ path }) => path.split('/').map((_, i, parts) => parts.slice(0, i).join('/')))
  return [...new Set(all)].filter((path) => path !== '').map((path) => ({ path }))
}
