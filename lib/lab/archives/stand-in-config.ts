/**
 * `commented`: what is off stands there as a comment, as until 3.2; `spelled`: with its value, and with a kernel command line, as
 * since 3.30; `short`: not at all.
 */
export type ConfigStyle = 'commented' | 'short' | 'spelled'

/** A Kata configuration with the keys that a deployer reads or overrides, for the shim configuration-SHIM.toml is named after. */
export function renderKataConfig(
  shim: string,
  options: { machine: string; rust: boolean; style: ConfigStyle },
): string {
  const hypervisor = hypervisorOf(shim)
  const shared = { firecracker: 'none', dragonball: 'inline-virtio-fs' }[hypervisor] ?? 'virtio-fs'
  const names = options.rust ? `name = "virt_container"\nhypervisor_name = "${hypervisor}"\nagent_name = "kata"\n` : ''
  const { params, hypervisor: more, agent } = STYLES[options.style]
  return `# Stand-in configuration of ${shim}.
[hypervisor.${hypervisor}]
path = "/opt/kata/bin/${programOf(hypervisor, options.machine)}"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
kernel_params = "${params}"
default_vcpus = 1
default_memory = 2048
enable_annotations = ["enable_iommu", "kernel_params"]
shared_fs = "${shared}"
virtio_fs_daemon = "/opt/kata/libexec/virtiofsd"
${more}
[agent.kata]
${agent}
[runtime]
${names}sandbox_cgroup_only = ${options.rust}
static_sandbox_resource_mgmt = ${options.rust}
internetworking_model = "tcfilter"
disable_guest_seccomp = true
`
}

const STYLES: Record<ConfigStyle, { params: string; hypervisor: string; agent: string }> = {
  commented: {
    params: '',
    hypervisor: '#enable_debug = true\n#disable_nesting_checks = true\n',
    agent:
      '# If enabled, the agent says more:\n#enable_debug = true\n#debug_console_enabled = true\n#dial_timeout = 30\n',
  },
  short: { params: '', hypervisor: 'enable_debug = false\n', agent: 'enable_debug = false\n' },
  spelled: {
    params: 'cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1',
    hypervisor: 'enable_debug = false\ndisable_nesting_checks = false\n',
    agent: 'enable_debug = false\ndebug_console_enabled = false\n#trace_mode = "dynamic"\n',
  },
}

function hypervisorOf(shim: string): string {
  if (shim.startsWith('qemu')) return 'qemu'
  if (shim.startsWith('clh')) return 'clh'
  return shim.endsWith('fc') ? 'firecracker' : shim
}

function programOf(hypervisor: string, machine: string): string {
  if (hypervisor === 'qemu') return `qemu-system-${machine}`
  return hypervisor === 'clh' ? 'cloud-hypervisor' : hypervisor
}
