import { formatOf, unpackerOf } from '../../lib/host/archive-format.ts'
import { path, quote } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'

export const MODULES = ['vhost_vsock', 'vhost_net'] as const

/** What a machine shows of its fitness. Looks with `stat` and `modprobe -n`; opens nothing but a /dev/kvm that is there. */
export interface Fitness {
  arch: string
  /** `vmx`, `svm`, `sie` or empty; only asked on x86_64 and s390x. */
  virtualization: string
  /** Flags that the CPU lacks and Kata's own check wants of x86_64. */
  lacks?: string[]
  /** The machine is itself a guest. */
  guest: boolean
  /** The machine is itself a container, of this kind. */
  container?: string
  /** `busy`: another hypervisor has the CPU's virtualization; `broken`: it opens, and makes no machine. */
  kvm: 'open' | 'refused' | 'absent'
  /** `loaded`, `available`, `blocked`, `sealed` (nothing can be loaded any more) or `missing`, by module. */
  modules: Record<string, string>
  /** The file that forbids a module, by module. */
  blockers?: Record<string, string>
  tun: boolean
  cgroup: string
  /** Free KiB below the prefix, only when that is less than needed. */
  short: number | undefined
  writable: boolean
  /** Programs below the prefix cannot be run. */
  noexec?: boolean
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
      CPU,
      CONTAINER,
      KVM,
      ...MODULES.map(moduleScript),
      `[ ! -c ${path('/dev/net/tun')} ] || echo "tun yes"`,
      `echo "cgroup $(stat -f -c %T ${path('/sys/fs/cgroup')} 2>/dev/null)"`,
      `set -- $(df -Pk ${path(parent)} | tail -n 1)`,
      `[ "\${4:-0}" -ge ${at.needKiB} ] || echo "short \${4:-0}"`,
      `! grep -qE "^[^ ]+ \${6:-none} [^ ]+ ([^ ]*,)?noexec[, ]" ${path('/proc/mounts')} 2>/dev/null || echo "noexec yes"`,
      `[ ! -w ${path(parent)} ] || echo "writable yes"`,
      `{ command -v ${quote(unpackerOf(formatOf(at.archive)))} || ${INSTEAD}; } >/dev/null && echo "unpacker yes"`,
      ':',
    ].join('\n'),
    parse: parseFitness,
  }
}

/** A machine without xz or zstd gets the archive as gzip. */
const INSTEAD = 'command -v gzip'

/** Flags: kata-containers, src/runtime/cmd/kata-runtime/kata-check_amd64.go. */
const CPU = [
  `flags=" $(grep -m1 -E '^(flags|features)' ${path('/proc/cpuinfo')}) "`,
  'for each in vmx svm sie; do case $flags in *" $each "*) echo "virtualization $each"; break ;; esac; done',
  'for each in lm sse4_1; do case $flags in *" $each "*) ;; *) echo "lacks $each" ;; esac; done',
  'case $flags in *" hypervisor "*) echo "guest yes" ;; esac',
].join('\n')

/** systemd says in /run/systemd/container what it runs in; Docker and podman leave files of their own. */
const CONTAINER = [
  `for each in ${['/run/systemd/container', '/.dockerenv', '/run/.containerenv'].map(path).join(' ')}; do`,
  '  [ -e "$each" ] || continue',
  '  what=; read -r what <"$each" || :',
  '  echo "container ${what:-container}"; break',
  'done',
].join('\n')

/** Opening changes nothing; making a machine would let udev write the device anew (`kvmMachine`). */
const KVM = [
  `if [ ! -e ${path('/sys/class/misc/kvm')} ] || [ ! -c ${path('/dev/kvm')} ]; then echo "kvm absent"`,
  `elif ( : <>${path('/dev/kvm')} ) 2>/dev/null; then echo "kvm open"; else echo "kvm refused"; fi`,
].join('\n')

/** What systemd-modules-load and modprobe obey: `blacklist NAME`, and an `install` line that runs nothing. */
function moduleScript(name: string): string {
  const spelt = name.replaceAll('_', '[-_]')
  const forbids = `^[[:space:]]*(blacklist[[:space:]]+${spelt}[[:space:]]*$|install[[:space:]]+${spelt}[[:space:]]+[^[:space:]]*(true|false))`
  const folders = ['/etc', '/run', '/usr/lib'].map((top) => `${path(`${top}/modprobe.d`)}/*.conf`).join(' ')
  return [
    `if [ "$(kc_module ${name})" = loaded ]; then echo "module ${name} loaded"`,
    `elif grep -qs 1 ${path('/proc/sys/kernel/modules_disabled')}; then echo "module ${name} sealed"`,
    `else`,
    `  file=$(grep -lsE '${forbids}' ${folders} | head -n 1)`,
    `  if [ -n "$file" ]; then echo "module ${name} blocked \${file#"$R"}"`,
    `  elif modprobe -n -q ${name} 2>/dev/null; then echo "module ${name} available"; else echo "module ${name} missing"; fi`,
    'fi',
  ].join('\n')
}

function parseFitness(frame: string): Fitness {
  const lines = frame.split('\n').map((line) => line.split(' '))
  const value = (name: string) => lines.find(([word]) => word === name)?.[1] ?? ''
  const modules = lines.flatMap(([word, name, state]) => (word === 'module' && name && state ? [[name, state]] : []))
  const blockers = lines.flatMap(([word, name, , file]) => (word === 'module' && name && file ? [[name, file]] : []))
  const lacks = lines.flatMap(([word, flag]) => (word === 'lacks' && flag ? [flag] : []))
  return {
    arch: value('arch'),
    virtualization: value('virtualization'),
    lacks,
    guest: value('guest') === 'yes',
    ...(value('container') === '' ? {} : { container: value('container') }),
    kvm: kvmOf(value('kvm')),
    modules: Object.fromEntries(modules),
    blockers: Object.fromEntries(blockers),
    tun: value('tun') === 'yes',
    cgroup: value('cgroup'),
    short: value('short') === '' ? undefined : Number(value('short')),
    writable: value('writable') === 'yes',
    noexec: value('noexec') === 'yes',
    unpacker: value('unpacker') === 'yes',
  }
}

function kvmOf(word: string): Fitness['kvm'] {
  return word === 'open' || word === 'refused' ? word : 'absent'
}
