import { ARCHES } from './layout.ts'
import { type Fitness, MODULES, unpackerOf } from './observe.ts'

/** One thing that Kata needs of a machine: what was found, what is needed, how it is mended. */
export interface Fault {
  probe: string
  found: string
  needed: string
  mend: string
  /** Without it nothing can be installed, so `preflight: warn` does not let it pass. */
  fatal?: true
}

/** All faults at once, in the order of kata-containers' own check: machine, CPU, KVM, modules, disk. */
export function faultsOf(fit: Fitness, needs: { archive: string; kib: number; prefix: string }): Fault[] {
  return [...archFaults(fit), ...kvmFaults(fit), ...moduleFaults(fit), ...diskFaults(fit, needs)]
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
      ? 'switch nested virtualization on in the hypervisor above'
      : 'switch virtualization on in the firmware'
    faults.push({ probe: 'CPU virtualization', found: 'neither vmx nor svm', needed: 'vmx or svm', mend })
  }
  if (fit.kvm === 'open') return faults
  const found = fit.kvm === 'absent' ? 'no device' : 'a device that cannot be opened'
  const mend =
    fit.kvm === 'absent'
      ? 'modprobe kvm_intel or kvm_amd'
      : 'end the other hypervisor (VirtualBox, VMware) that holds it'
  return [...faults, { probe: '/dev/kvm', found, needed: 'read and write', mend }]
}

function moduleFaults(fit: Fitness): Fault[] {
  const missing = MODULES.filter((name) => fit.modules[name] !== 'loaded' && fit.modules[name] !== 'available')
  const faults = missing.map((name): Fault => ({
    probe: `kernel module ${name}`,
    found: 'neither loaded nor available',
    needed: 'available',
    mend: 'install the kernel’s full set of modules',
  }))
  if (fit.tun) return faults
  return [...faults, { probe: '/dev/net/tun', found: 'no device', needed: 'the device', mend: 'modprobe tun' }]
}

function diskFaults(fit: Fitness, needs: { archive: string; kib: number; prefix: string }): Fault[] {
  const faults: Fault[] = []
  const parent = needs.prefix.slice(0, needs.prefix.lastIndexOf('/')) || '/'
  if (!fit.writable) {
    const mend = 'mount it writable, or set the option prefix to another place'
    faults.push({ probe: `${parent} is writable`, found: 'read-only', needed: 'writable', mend, fatal: true })
  }
  if (fit.short !== undefined) {
    const found = `${Math.floor(fit.short / 1024)} MiB`
    const mend = 'free some space, or set the option prefix to another disk'
    faults.push({ probe: `space in ${parent}`, found, needed: `${Math.ceil(needs.kib / 1024)} MiB`, mend, fatal: true })
  }
  if (!fit.unpacker) {
    const tool = unpackerOf(needs.archive)
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
