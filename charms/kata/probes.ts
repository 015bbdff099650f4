import { formatOf, unpackerOf } from '../../lib/host/archive-format.ts'
import { ARCHES } from './layout.ts'
import { type Fitness, MODULES } from './fitness.ts'

/** One thing that Kata needs of a machine: what was found, what is needed, how it is mended. */
export interface Fault {
  probe: string
  found: string
  needed: string
  mend: string
  /** Worth knowing, and no reason not to install. */
  warns?: true
  /** Without it nothing can be installed, so `preflight: warn` does not let it pass. */
  fatal?: true
}

/** All faults at once, in the order of kata-containers' own check: machine, CPU, KVM, modules, disk. */
export function faultsOf(fit: Fitness, needs: { archive: string; kib: number; prefix: string }): Fault[] {
  return [
    ...archFaults(fit),
    ...kvmFaults(fit),
    ...moduleFaults(fit),
    ...containerFaults(fit),
    ...diskFaults(fit, needs),
  ]
}

/** An unpacked release is about four times its archive; both lie there for a while. */
export function spaceKiB(archiveBytes: number): number {
  return Math.ceil((archiveBytes * 5) / 1024) + 65536
}

export function sentence(fault: Fault): string {
  return `${fault.probe}: found ${fault.found}, needs ${fault.needed} (${fault.mend})`
}

function archFaults(fit: Fitness): Fault[] {
  if (ARCHES.some((arch) => arch === fit.arch)) return []
  const mend = 'take the machine out of the bundle'
  return [{ probe: 'CPU architecture', found: fit.arch || 'nothing', needed: ARCHES.join(', '), mend, fatal: true }]
}

function kvmFaults(fit: Fitness): Fault[] {
  const faults: Fault[] = []
  if (fit.arch === 'x86_64' && fit.virtualization === '') {
    const mend = fit.guest
      ? 'switch nested virtualization on in the hypervisor above; in a cloud take bare metal, or a type of machine that nests'
      : 'switch virtualization on in the firmware'
    faults.push({ probe: 'CPU virtualization', found: 'neither vmx nor svm', needed: 'vmx or svm', mend })
  }
  const lacks = fit.arch === 'x86_64' && fit.virtualization !== '' ? (fit.lacks ?? []) : []
  for (const flag of lacks) {
    const mend = 'take a machine with a newer CPU, or show its CPU to this guest as it is (cpu host)'
    faults.push({ probe: `CPU flag ${flag}`, found: 'not set', needed: flag, mend })
  }
  return fit.kvm === 'open' ? faults : [...faults, kvmFault(fit.kvm)]
}

export function kvmFault(kvm: keyof typeof KVM_FAULTS): Fault {
  return { probe: '/dev/kvm', needed: 'read and write', ...KVM_FAULTS[kvm] }
}

const KVM_FAULTS = {
  absent: { found: 'no device', mend: 'modprobe kvm_intel or kvm_amd' },
  refused: {
    found: 'a device that cannot be opened',
    mend: 'end the other hypervisor (VirtualBox, VMware) that holds it',
  },
  busy: {
    found: 'that another hypervisor uses the CPU’s virtualization',
    mend: 'end VirtualBox or VMware there, then: modprobe -r vboxdrv',
  },
  broken: {
    found: 'a device that makes no virtual machine',
    mend: 'see `dmesg | grep -i kvm`: virtualization may be off in the firmware, or the outer hypervisor may not nest',
  },
}

function moduleFaults(fit: Fitness): Fault[] {
  const faults = MODULES.flatMap((name): Fault[] => {
    const state = fit.modules[name] ?? 'missing'
    if (state === 'loaded' || state === 'available') return []
    return [{ probe: `kernel module ${name}`, needed: 'available', ...moduleFault(name, state, fit) }]
  })
  if (fit.tun) return faults
  return [...faults, { probe: '/dev/net/tun', found: 'no device', needed: 'the device', mend: 'modprobe tun' }]
}

function moduleFault(name: string, state: string, fit: Fitness): { found: string; mend: string } {
  if (state === 'blocked') {
    const file = fit.blockers?.[name] ?? '/etc/modprobe.d'
    return { found: `forbidden by ${file}`, mend: `take its line out of ${file}` }
  }
  if (state === 'sealed') {
    const mend = 'load it at boot, before kernel.modules_disabled is set'
    return { found: 'that no module can be loaded any more', mend }
  }
  return { found: 'neither loaded nor available', mend: 'install the kernel’s full set of modules' }
}

function containerFaults({ container }: Fitness): Fault[] {
  if (container === undefined) return []
  const mend = 'install on the machine that runs this container'
  return [{ probe: 'container', found: container, needed: 'a machine or virtual machine', mend }]
}

function diskFaults(fit: Fitness, needs: { archive: string; kib: number; prefix: string }): Fault[] {
  const faults: Fault[] = []
  const parent = needs.prefix.slice(0, needs.prefix.lastIndexOf('/')) || '/'
  if (!fit.writable) {
    const mend = 'mount it writable, or set the option prefix to another place'
    faults.push({ probe: `${parent} is writable`, found: 'read-only', needed: 'writable', mend, fatal: true })
  }
  if (fit.noexec) {
    const mend = `mount it with exec: mount -o remount,exec, and in /etc/fstab; or set the option prefix`
    faults.push({ probe: `${parent} runs programs`, found: 'mounted noexec', needed: 'exec', mend, fatal: true })
  }
  if (fit.short !== undefined) {
    const found = `${Math.floor(fit.short / 1024)} MiB`
    const mend = 'free some space, or set the option prefix to another disk'
    faults.push({ probe: `space in ${parent}`, found, needed: `${Math.ceil(needs.kib / 1024)} MiB`, mend, fatal: true })
  }
  if (!fit.unpacker) {
    const tool = unpackerOf(formatOf(needs.archive))
    faults.push({
      probe: tool,
      found: 'no such program',
      needed: tool,
      mend: `install it: apt-get install ${tool === 'xz' ? 'xz-utils' : tool}`,
      fatal: true,
    })
  }
  return faults
}
