import { expect, test } from 'vitest'
import { lostSettings } from '../../../../charms/containerd/toml/lost-settings.ts'

const CRI = `plugins."io.containerd.grpc.v1.cri"`
const RUNTIME = `plugins.'io.containerd.cri.v1.runtime'`
const IMAGES = `plugins.'io.containerd.cri.v1.images'`

const DEFAULTS = `version = 2
imports = []
oom_score = 0
[grpc]
  address = "/run/containerd/containerd.sock"
[${CRI}]
  sandbox_image = "registry.k8s.io/pause:3.8"
  enable_selinux = false
  stream_server_port = "0"
  device_ownership_from_security_context = true
[${CRI}.cni]
  bin_dir = "/opt/cni/bin"
`
const AFTER = `version = 4
imports = ['/etc/containerd/conf.d/*.toml']
oom_score = -999
[${RUNTIME}]
  enable_selinux = true
[${RUNTIME}.cni]
  bin_dirs = ['/usr/lib/cni']
[${IMAGES}.pinned_images]
  sandbox = 'x/pause:1'
[plugins.'io.containerd.server.v1.grpc']
  address = '/run/other.sock'
`

/** The old version's dump with these lines in their places. */
function lost(changes: Record<string, string>, after = AFTER): string[] {
  const before = Object.entries(changes).reduce((text, [old, now]) => text.replace(old, now), DEFAULTS)
  return lostSettings({ before, defaults: DEFAULTS, after }, '2.3.7')
}

test('nothing is lost where nobody has set anything, whatever the new version has instead', () => {
  expect(lost({})).toEqual([])
})

test('a setting is found at its place of the new schema, under its new name, or in a table that another schema made', () => {
  const changes = {
    'oom_score = 0': 'oom_score = -999',
    'registry.k8s.io/pause:3.8': 'x/pause:1',
    'enable_selinux = false': 'enable_selinux = true',
    '/opt/cni/bin': '/usr/lib/cni',
    '/run/containerd/containerd.sock': '/run/other.sock',
    'imports = []': 'imports = ["/etc/containerd/more.toml"]',
  }
  expect(lost(changes)).toEqual([])
})

test.each([
  ['is not there', 'stream_server_port = "0"', 'stream_server_port = "9"', `${CRI}.stream_server_port`],
  ['has another value', 'registry.k8s.io/pause:3.8', 'x/pause:2', `${CRI}.sandbox_image`],
  [
    'has its old name only',
    'enable_selinux = false',
    'enable_selinux = false\n  systemd_cgroup = true',
    `${CRI}.systemd_cgroup`,
  ],
  ['is another folder', '/opt/cni/bin', '/elsewhere', `${CRI}.cni.bin_dir`],
  ['is nowhere', 'oom_score = 0', 'oom_score = 0\ntemp = "/t"', 'temp'],
])('a setting that %s is lost', (_what, old, now, path) => {
  expect(lost({ [old]: now })).toEqual([path])
})

test('what was switched off and is unknown now is not lost; what was switched off and is on now is', () => {
  const off = { 'context = true': 'context = false' }
  expect(lost(off)).toEqual([])
  const on = AFTER.replace('enable_selinux', 'device_ownership_from_security_context = true\n  enable_selinux')
  expect(lost(off, on)).toEqual([`${CRI}.device_ownership_from_security_context`])
})
