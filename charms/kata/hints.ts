import { path } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'

/** What is worth knowing of a machine before sandboxes run on it; none of it is a reason not to install. */
export interface Hints {
  /** Free memory in KiB. */
  memory: number
  /** Size of /dev/shm in KiB. */
  shm: number
  selinux: boolean
  /** The kernel takes signed modules only: `integrity` or `confidentiality`. */
  lockdown?: string
  /** Configurations in /etc that a runtime takes where nobody names one. */
  etc: string[]
  /** Files that give containerd a KATA_CONF_FILE. */
  env: string[]
  /** Seconds since 1970. */
  clock: number
  /** VMware's vsock transport has the device. */
  vmware: boolean
  /** The drivers that hold NVIDIA's devices, `none` for one that is free. */
  gpus: string[]
  /** NUMA nodes. */
  numa: number
}

/** Where the runtimes look by themselves (kata-containers, src/libs/kata-types/src/config/default.rs and katautils/config.go). */
export const ETC_GO = '/etc/kata-containers/configuration.toml'
export const ETC_RUST = '/etc/kata-containers/runtime-rs/configuration.toml'

const UNITS = ['/etc/systemd/system', '/usr/lib/systemd/system'].flatMap((folder) => [
  `${path(folder)}/containerd.service`,
  `${path(`${folder}/containerd.service.d`)}/*.conf`,
])

/** PCI functions of the vendor 10de that are displays or 3D controllers (class 03). */
const NVIDIA = [
  `for each in ${path('/sys/bus/pci/devices')}/*; do`,
  '  grep -qs 0x10de "$each/vendor" && grep -qs "^0x03" "$each/class" || continue',
  '  driver=$(readlink "$each/driver"); driver=${driver##*/}; echo "gpu ${driver:-none}"',
  'done',
].join('\n')

export const hints: Reading<Hints> = {
  key: 'kata:hints',
  lasting: 'effect',
  script: [
    `echo "memory $(sed -n 's/^MemAvailable: *\\([0-9]*\\).*/\\1/p' ${path('/proc/meminfo')} 2>/dev/null)"`,
    `set -- $(df -Pk ${path('/dev/shm')} 2>/dev/null | tail -n 1); echo "shm \${2:-0}"`,
    `! grep -qs 1 ${path('/sys/fs/selinux/enforce')} || echo "selinux yes"`,
    `echo "lockdown $(sed -n 's/.*\\[\\(.*\\)\\].*/\\1/p' ${path('/sys/kernel/security/lockdown')} 2>/dev/null)"`,
    `for each in ${path(ETC_GO)} ${path(ETC_RUST)}; do [ ! -e "$each" ] || echo "etc \${each#"$R"}"; done`,
    `grep -lsE '^Environment.*KATA_CONF_FILE' ${UNITS.join(' ')} | sed "s#^$R#env #"`,
    'echo "clock $(date +%s)"',
    `[ ! -d ${path('/sys/module/vmw_vsock_vmci_transport')} ] || echo "vmware yes"`,
    NVIDIA,
    `echo "numa $(ls -d ${path('/sys/devices/system/node')}/node[0-9]* 2>/dev/null | wc -l)"`,
  ].join('\n'),
  parse(frame) {
    const lines = frame.split('\n').map((line) => line.split(' '))
    const all = (name: string) => lines.flatMap(([word, value]) => (word === name && value ? [value] : []))
    const lockdown = all('lockdown').find((word) => word !== 'none')
    return {
      memory: Number(all('memory')[0] ?? 0),
      shm: Number(all('shm')[0] ?? 0),
      selinux: all('selinux').length > 0,
      ...(lockdown === undefined ? {} : { lockdown }),
      etc: all('etc'),
      env: all('env'),
      clock: Number(all('clock')[0] ?? 0),
      vmware: all('vmware').length > 0,
      gpus: all('gpu'),
      numa: Number(all('numa')[0] ?? 0),
    }
  },
}
