import { join } from 'node:path'
import type { VmImage } from './image.ts'

export interface Machine {
  name: string
  /** Of 127.0.0.1, forwarded to sshd. */
  port: number
  /** As QEMU's -cpu: `EPYC,+svm`. */
  cpu: string
  disk: string
  initrd: string
  /** A file for what its serial line says. */
  console: string
}

const MEMORY = '4G' // Kata wants 2 GiB for one sandbox beside what the node needs

/** The command that is an emulated machine as long as it runs. */
export function qemuCommand(image: VmImage, machine: Machine): string[] {
  return [
    ...runFrom(image.root),
    ...[
      '-name',
      machine.name,
      '-machine',
      'q35',
      '-accel',
      'tcg,thread=multi,tb-size=512',
      '-cpu',
      machine.cpu,
      '-smp',
      '2',
      '-m',
      MEMORY,
    ],
    ...['-nodefaults', '-display', 'none', '-kernel', image.kernel, '-initrd', machine.initrd],
    ...['-append', 'root=/dev/vda rw console=ttyS0 mitigations=off net.ifnames=0'],
    // unsafe: what this machine's kernel holds survives the end of QEMU, so the power cuts of a lab lose nothing that was flushed
    ...[
      '-drive',
      `file=${machine.disk},format=raw,if=none,id=disk,cache=unsafe,discard=unmap`,
      '-device',
      'virtio-blk-pci,drive=disk',
    ],
    ...[
      '-netdev',
      `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${machine.port}-:22`,
      '-device',
      'virtio-net-pci,netdev=net',
    ],
    ...[
      '-device',
      'virtio-rng-pci',
      '-chardev',
      `file,id=serial,path=${machine.console},append=on`,
      '-serial',
      'chardev:serial',
    ],
  ]
}

/** QEMU of a root file system, with that system's own loader and libraries: no chroot, nothing installed on this machine. */
function runFrom(root: string): string[] {
  const lib = join(root, 'usr/lib/x86_64-linux-gnu')
  const libraries = [lib, join(lib, 'pulseaudio'), join(lib, 'systemd')].join(':')
  const loader = [join(lib, 'ld-linux-x86-64.so.2'), '--library-path', libraries, '--argv0', 'qemu-system-x86_64']
  return [
    ...loader,
    join(root, 'usr/bin/qemu-system-x86_64'),
    '-L',
    join(root, 'usr/share/qemu'),
    '-L',
    join(root, 'usr/share/seabios'),
  ]
}
