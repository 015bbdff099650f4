import { expect, test } from 'vitest'
import { lostSettings, type Newer } from '../../../../charms/containerd/toml/lost-settings.ts'

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
function lost(changes: Record<string, string>, after = AFTER, newer: Newer = { daemon: '2.3.7' }): string[] {
  const before = Object.entries(changes).reduce((text, [old, now]) => text.replace(old, now), DEFAULTS)
  return lostSettings({ before, defaults: DEFAULTS, after }, newer)
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

test('on another containerd 1 every setting stands where it stood', () => {
  const set = { 'registry.k8s.io/pause:3.8': 'x/pause:1', 'enable_selinux = false': 'enable_selinux = true' }
  const same = Object.entries(set).reduce((text, [old, now]) => text.replace(old, now), DEFAULTS)
  expect(lost(set, same, { daemon: '1.7.33' })).toEqual([])
  expect(lost(set, DEFAULTS, { daemon: '1.7.33' })).toEqual([`${CRI}.sandbox_image`, `${CRI}.enable_selinux`])
})

test('from 2.0 on a folder of programs becomes a list with 2.1', () => {
  const cni = (words: string) => `version = 3\n[${RUNTIME}.cni]\n  ${words}\n`
  const dumps = { before: cni('bin_dir = "/b"'), defaults: cni('bin_dir = "/opt/cni/bin"') }
  expect(lostSettings({ ...dumps, after: cni("bin_dirs = ['/b']") }, { daemon: '2.1.9' })).toEqual([])
  expect(lostSettings({ ...dumps, after: cni("bin_dirs = ['/c']") }, { daemon: '2.1.9' })).toHaveLength(1)
})

test('what kcharm itself sets otherwise now is decided, not lost', () => {
  const own = [['plugins', 'io.containerd.cri.v1.images', 'pinned_images', 'sandbox']]
  expect(lost({ 'registry.k8s.io/pause:3.8': 'x/pause:2' }, AFTER, { daemon: '2.3.7', own })).toEqual([])
})
