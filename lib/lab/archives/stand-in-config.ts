/** A Kata configuration with the keys that a deployer reads or overrides, for the shim configuration-SHIM.toml is named after. */
export function renderKataConfig(shim: string, options: { machine: string; rust: boolean }): string {
  const hypervisor = hypervisorOf(shim)
  const shared = { firecracker: 'none', dragonball: 'inline-virtio-fs' }[hypervisor] ?? 'virtio-fs'
  const names = options.rust ? `name = "virt_container"\nhypervisor_name = "${hypervisor}"\nagent_name = "kata"\n` : ''
  return `# Stand-in configuration of ${shim}.
[hypervisor.${hypervisor}]
path = "/opt/kata/bin/${programOf(hypervisor, options.machine)}"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
kernel_params = ""
default_vcpus = 1
default_memory = 2048
enable_annotations = ["enable_iommu", "kernel_params"]
shared_fs = "${shared}"
virtio_fs_daemon = "/opt/kata/libexec/virtiofsd"
enable_debug = false

[agent.kata]
enable_debug = false

[runtime]
${names}sandbox_cgroup_only = ${options.rust}
static_sandbox_resource_mgmt = ${options.rust}
internetworking_model = "tcfilter"
disable_guest_seccomp = true
`
}

function hypervisorOf(shim: string): string {
  if (shim.startsWith('qemu')) return 'qemu'
  if (shim === 'clh' || shim === 'cloud-hypervisor') return shim === 'clh' ? 'clh' : 'cloud-hypervisor'
  return shim.endsWith('fc') ? 'firecracker' : shim
}

function programOf(hypervisor: string, machine: string): string {
  if (hypervisor === 'qemu') return `qemu-system-${machine}`
  return hypervisor === 'clh' ? 'cloud-hypervisor' : hypervisor
}
