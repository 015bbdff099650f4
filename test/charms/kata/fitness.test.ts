import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { type Fitness, fitness } from '../../../charms/kata/fitness.ts'
import { kvmMachine } from '../../../charms/kata/kvm-machine.ts'
import { hints } from '../../../charms/kata/hints.ts'
import { readOn } from './on-tree.ts'

const INTEL = 'processor : 0\nflags\t\t: fpu lm vmx sse4_1 hypervisor\n'

describe('fitness, as a machine shows it', () => {
  test('nothing there', () => {
    const found = look({})
    expect(found).toMatchObject({ virtualization: '', guest: false, kvm: 'absent', tun: false, writable: true })
    expect(found.modules).toEqual({ vhost_vsock: 'missing', vhost_net: 'missing' })
    expect(found.container).toBeUndefined()
  })

  test.each<[string, string, Partial<Fitness>]>([
    ['Intel, as a guest', INTEL, { virtualization: 'vmx', guest: true, lacks: [] }],
    ['AMD, old', 'flags : svm lm\n', { virtualization: 'svm', guest: false, lacks: ['sse4_1'] }],
    ['none', 'flags : fpu svm_lock\n', { virtualization: '', lacks: ['lm', 'sse4_1'] }],
    ['s390x', 'features\t: esan3 zarch sie\n', { virtualization: 'sie' }],
  ])('the CPU: %s', (_name, cpuinfo, said) => {
    expect(look({ '/proc/cpuinfo': cpuinfo })).toMatchObject(said)
  })

  test.each([
    ['/run/systemd/container', 'systemd-nspawn\n', 'systemd-nspawn'],
    ['/.dockerenv', '', 'container'],
  ])('a container says so in %s', (file, text, word) => {
    expect(look({ [file]: text }).container).toBe(word)
  })

  test('a device that opens and makes no machine', () => {
    const device = { '/sys/class/misc/kvm/dev': '', '/dev/kvm': '-> /dev/null' }
    expect(look(device).kvm).toBe('open')
    expect(readOn(kvmMachine, device)).toBe('broken')
  })

  /** kata.md section 9: kata#1327, #3459, #6451. */
  test('who forbids a module, in each way of spelling', () => {
    const found = look({
      '/etc/modprobe.d/a.conf': '# blacklist vhost_net\nblacklist vhost-vsock\n',
      '/usr/lib/modprobe.d/b.conf': 'blacklist vhost_net_x\ninstall vhost_net /bin/false\n',
    })
    expect(found.modules).toEqual({ vhost_vsock: 'blocked', vhost_net: 'blocked' })
    expect(found.blockers).toEqual({ vhost_vsock: '/etc/modprobe.d/a.conf', vhost_net: '/usr/lib/modprobe.d/b.conf' })
  })

  test('a loaded module is fine whatever is written; nothing more can be loaded into a sealed kernel', () => {
    const found = look({ '/sys/module/vhost_net/refcnt': '0', '/proc/sys/kernel/modules_disabled': '1\n' })
    expect(found.modules).toEqual({ vhost_vsock: 'sealed', vhost_net: 'loaded' })
  })

  test.each([
    ['rw,nosuid,noexec,relatime', true],
    ['noexec', true],
    ['rw,relatime', false],
  ])('a mount of %s has noexec: %s', (options, noexec) => {
    const mount = execFileSync('df', ['-P', tmpdir()], { encoding: 'utf8' }).trim().split(/\s+/).at(-1)
    expect(look({ '/proc/mounts': `dev ${mount} ext4 ${options} 0 0\n` }).noexec).toBe(noexec)
  })

  test('too little space is told with its amount', () => {
    expect(readOn(fitness({ prefix: '/opt/kata', archive: 'a.tar', needKiB: 2 ** 50 }), {}).short).toBeGreaterThan(0)
    expect(look({}).short).toBeUndefined()
  })
})

describe('hints, as a machine shows them', () => {
  test('on a plain machine there are none', () => {
    const found = readOn(hints, { '/sys/kernel/security/lockdown': '[none] integrity confidentiality\n' })
    expect(found).toMatchObject({ selinux: false, etc: [], env: [], vmware: false, gpus: [] })
    expect(found.lockdown).toBeUndefined()
    expect(found.clock).toBeGreaterThan(1735689600)
  })

  test('everything at once', () => {
    const found = readOn(hints, {
      '/proc/meminfo': 'MemTotal: 9 kB\nMemAvailable:  4096 kB\n',
      '/sys/fs/selinux/enforce': '1',
      '/sys/kernel/security/lockdown': 'none [integrity] confidentiality\n',
      '/etc/kata-containers/configuration.toml': '',
      '/etc/systemd/system/containerd.service.d/kata.conf': '[Service]\nEnvironment="KATA_CONF_FILE=/x"\n',
      '/sys/module/vmw_vsock_vmci_transport/refcnt': '',
      '/sys/bus/pci/devices/0000:01:00.0/vendor': '0x10de\n',
      '/sys/bus/pci/devices/0000:01:00.0/class': '0x030200\n',
      '/sys/bus/pci/devices/0000:01:00.0/driver': '-> ../../drivers/vfio-pci',
      '/sys/bus/pci/devices/0000:02:00.0/vendor': '0x10de\n',
      '/sys/bus/pci/devices/0000:02:00.0/class': '0x030000\n',
      '/sys/bus/pci/devices/0000:03:00.0/vendor': '0x10de\n',
      '/sys/bus/pci/devices/0000:03:00.0/class': '0x040300\n',
      '/sys/devices/system/node/node0/x': '',
      '/sys/devices/system/node/node1/x': '',
    })
    expect(found).toMatchObject({
      memory: 4096,
      selinux: true,
      lockdown: 'integrity',
      etc: ['/etc/kata-containers/configuration.toml'],
      env: ['/etc/systemd/system/containerd.service.d/kata.conf'],
      vmware: true,
      gpus: ['vfio-pci', 'none'],
      numa: 2,
    })
  })
})

function look(files: Record<string, string>): Fitness {
  return readOn(fitness({ prefix: '/opt/kata', archive: 'a.tar', needKiB: 1 }), files)
}
