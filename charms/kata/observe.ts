import { path, quote } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'

export const MODULES = ['vhost_vsock', 'vhost_net'] as const

/** What a machine shows of its fitness. Looks with `stat` and `modprobe -n`; opens nothing but a /dev/kvm that is there. */
export interface Fitness {
  arch: string
  /** `vmx`, `svm` or empty; only asked on x86_64. */
  virtualization: string
  /** The machine is itself a guest. */
  guest: boolean
  kvm: 'open' | 'refused' | 'absent'
  /** `loaded`, `available` or `missing`, by module. */
  modules: Record<string, string>
  tun: boolean
  cgroup: string
  /** Free KiB below the prefix, only when that is less than needed. */
  short: number | undefined
  writable: boolean
  /** The decompressor that the archive needs is there. */
  unpacker: boolean
}

export function fitness(at: { prefix: string; archive: string; needKiB: number }): Reading<Fitness> {
  const parent = at.prefix.slice(0, at.prefix.lastIndexOf('/')) || '/'
  return {
    key: `kata:fitness:${at.prefix}:${at.archive}:${at.needKiB}`,
    lasting: 'fact',
    script: [
      'echo "arch $(uname -m)"',
      `echo "virtualization $(grep -m1 -owE 'vmx|svm' ${path('/proc/cpuinfo')} | head -n 1)"`,
      `grep -qw hypervisor ${path('/proc/cpuinfo')} && echo "guest yes"`,
      `if [ ! -e ${path('/sys/class/misc/kvm')} ] || [ ! -c ${path('/dev/kvm')} ]; then echo "kvm absent"`,
      `elif ( : <>${path('/dev/kvm')} ) 2>/dev/null; then echo "kvm open"; else echo "kvm refused"; fi`,
      `for each in ${MODULES.join(' ')}; do`,
      `  if [ "$(kc_module "$each")" = loaded ]; then echo "module $each loaded"`,
      `  elif modprobe -n -q "$each" 2>/dev/null; then echo "module $each available"; else echo "module $each missing"; fi`,
      'done',
      `[ ! -c ${path('/dev/net/tun')} ] || echo "tun yes"`,
      `echo "cgroup $(stat -f -c %T ${path('/sys/fs/cgroup')} 2>/dev/null)"`,
      `free=$(df -Pk ${path(parent)} | awk 'NR == 2 { print $4 }')`,
      `[ "\${free:-0}" -ge ${at.needKiB} ] || echo "short \${free:-0}"`,
      `[ ! -w ${path(parent)} ] || echo "writable yes"`,
      `command -v ${quote(unpackerOf(at.archive))} >/dev/null && echo "unpacker yes"`,
      ':',
    ].join('\n'),
    parse: parseFitness,
  }
}

export function unpackerOf(archive: string): string {
  if (/\.tar\.zst$/.test(archive)) return 'zstd'
  if (/\.tar\.xz$/.test(archive)) return 'xz'
  return /\.(tar\.gz|tgz)$/.test(archive) ? 'gzip' : 'tar'
}

export interface ShimState {
  version?: string
  /** The configuration file is there. */
  config: boolean
}

export function shimState(paths: { binary: string; config: string }): Reading<ShimState> {
  return {
    key: `kata:shim:${paths.binary}:${paths.config}`,
    lasting: 'effect',
    script: `${path(paths.binary)} --version 2>/dev/null; [ ! -r ${path(paths.config)} ] || echo "config yes"`,
    parse(frame) {
      const version = /version: (\d+\.\d+\.\d+)/.exec(frame)?.[1]
      return { config: /^config yes$/m.test(frame), ...(version === undefined ? {} : { version }) }
    },
  }
}

/**
 * Sandboxes that live under the handlers' shims: processes of the shim with a sandbox id (`-id`), and the run folders of
 * the Go (/run/vc/sbs) and the Rust runtime (/run/kata).
 */
export const sandboxes: Reading<string[]> = {
  key: 'kata:sandboxes',
  lasting: 'effect',
  script: [
    `{ for each in ${path('/run/vc/sbs')}/* ${path('/run/kata')}/*; do [ ! -d "$each" ] || echo "\${each##*/}"; done`,
    `for each in ${path('/proc')}/[0-9]*; do`,
    `  case $(tr '\\0' ' ' <"$each/cmdline" 2>/dev/null) in *containerd-shim-kata*' -id '*)`,
    `    tr '\\0' '\\n' <"$each/cmdline" 2>/dev/null | sed -n '/^-id$/{n;p;}' ;; esac`,
    `done; } | sort -u`,
  ].join('\n'),
  parse: (frame) => frame.split('\n').filter((line) => line !== ''),
}

function parseFitness(frame: string): Fitness {
  const lines = frame.split('\n').map((line) => line.split(' '))
  const value = (name: string) => lines.find(([word]) => word === name)?.[1] ?? ''
  const modules = lines.flatMap(([word, name, state]) => (word === 'module' && name && state ? [[name, state]] : []))
  const kvm = value('kvm')
  return {
    arch: value('arch'),
    virtualization: value('virtualization'),
    guest: value('guest') === 'yes',
    kvm: kvm === 'open' || kvm === 'refused' ? kvm : 'absent',
    modules: Object.fromEntries(modules),
    tun: value('tun') === 'yes',
    cgroup: value('cgroup'),
    short: value('short') === '' ? undefined : Number(value('short')),
    writable: value('writable') === 'yes',
    unpacker: value('unpacker') === 'yes',
  }
}
