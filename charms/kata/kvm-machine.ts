import { path } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'

/** `busy`: another hypervisor has the CPU's virtualization. `unasked`: there is neither perl nor python3 to ask with. */
export type KvmMachine = 'made' | 'busy' | 'broken' | 'unasked'

/** KVM_GET_API_VERSION must give 12; KVM_CREATE_VM fails with EBUSY (16) where another hypervisor has VT-x or SVM. */
const PERL = 'open(K,"+<",$ARGV[0]) or exit 5; ioctl(K,0xAE00,0)==12 or exit 5; ioctl(K,0xAE01,0) or exit($!+0==16?4:5)'
const PYTHON =
  'import fcntl,os,sys\nk=os.open(sys.argv[1],os.O_RDWR)\ntry:\n sys.exit(0 if fcntl.ioctl(k,0xAE00,0)==12 and fcntl.ioctl(k,0xAE01,0) else 5)\nexcept OSError as e:\n sys.exit(4 if e.errno==16 else 5)'

/**
 * Does the device make a machine? That is what it is for; but the kernel tells udev of each machine, which then writes the
 * device anew: nothing that a plan may cause, so it is an effect, and asked where something will be installed anyway.
 */
export const kvmMachine: Reading<KvmMachine> = {
  key: 'kata:kvm-machine',
  lasting: 'effect',
  script: [
    'code=3',
    `if command -v perl >/dev/null; then perl -e '${PERL}' ${path('/dev/kvm')}; code=$?`,
    `elif command -v python3 >/dev/null; then python3 -c '${PYTHON}' ${path('/dev/kvm')}; code=$?; fi`,
    'echo $code',
  ].join('\n'),
  parse: (frame) => (frame === '0' ? 'made' : frame === '3' ? 'unasked' : frame === '4' ? 'busy' : 'broken'),
}
