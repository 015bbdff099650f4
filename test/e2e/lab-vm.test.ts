import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cgroupPids } from '../../lib/lab/cgroups.ts'
import * as labs from '../../lib/lab/index.ts'
import { tracesOf } from './lab-traces.ts'

const say = (line: string): void => console.log(line)
let folder: string
let ids: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcharm-e2e-vm-'))
  process.env['XDG_STATE_HOME'] = folder
  const made = await Promise.all([
    labs.labUp({ name: 'kvm', kind: 'vm', nodes: [{ name: 'v1', containerd: true }], say }),
    labs.labUp({ name: 'plain', kind: 'vm', nodes: 1, cpu: 'EPYC,-svm', user: 'op', say }),
  ])
  ids = made.map(({ id }) => id)
})

afterAll(async () => {
  for (const { lab } of await labs.labStatus()) await labs.labDown(lab.name)
  await rm(folder, { recursive: true })
})

async function sh(lab: string, node: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await labs.nodeExec({ lab, node }, ['sh', '-c', script])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}

test('an emulated node has a kernel, cgroups and a KVM of its own, and containerd when asked for', async () => {
  expect(
    await sh(
      'kvm',
      'v1',
      'hostname; systemctl is-system-running; stat -fc %T /sys/fs/cgroup; systemctl is-active containerd',
    ),
  ).toBe('v1\nrunning\ncgroup2fs\nactive')
  expect(await sh('kvm', 'v1', 'uname -r')).toMatch(/-cloud-amd64$/)
  expect(await sh('kvm', 'v1', 'test -c /dev/kvm && exec 3<>/dev/kvm && ls -d /sys/module/kvm_amd')).toBe(
    '/sys/module/kvm_amd',
  )
})

test('nothing of vhost is loaded until somebody opens its device', async () => {
  const loaded = 'ls -d /sys/module/vhost_net /sys/module/vhost_vsock 2>/dev/null || true'
  expect(await sh('kvm', 'v1', `test -c /dev/vhost-net && ${loaded}`)).toBe('')
  expect(await sh('kvm', 'v1', `stat -c %F /dev/vhost-net; ${loaded}`)).toBe('character special file')
  expect(await sh('kvm', 'v1', `head -c 0 /dev/vhost-net; ${loaded}`)).toBe('/sys/module/vhost_net')
})

test('a power cut keeps what was written out and what is to be loaded, on another boot of the same machine', async () => {
  const identity = 'cat /etc/machine-id; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key'
  const boot = 'cat /proc/sys/kernel/random/boot_id'
  const first = [await sh('kvm', 'v1', identity), await sh('kvm', 'v1', boot)]
  await sh('kvm', 'v1', 'echo vhost_vsock >/etc/modules-load.d/test.conf; sync')
  await labs.nodePowerOff({ lab: 'kvm', node: 'v1' })
  expect((await labs.labStatus('kvm'))[0]?.nodes[0]?.state).toBe('off')
  expect(await labs.nodePowerOn({ lab: 'kvm', node: 'v1' })).toBe('running')
  expect(await sh('kvm', 'v1', identity)).toBe(first[0])
  expect(await sh('kvm', 'v1', boot)).not.toBe(first[1])
  expect(await sh('kvm', 'v1', 'cd /sys/module; ls -d vhost_vsock vhost_net 2>/dev/null || true')).toBe('vhost_vsock')
})

test('a machine without virtualisation boots as well and has no /dev/kvm', async () => {
  expect(await sh('plain', 'n1', 'systemctl is-system-running; ls /dev/kvm 2>/dev/null || echo none')).toBe(
    'running\nnone',
  )
  const bare = await labs.nodeExec(
    { lab: 'plain', node: 'n1' },
    ['sh', '-c', 'sudo -n id -un; apt-cache policy containerd | sed -n 2,3p'],
    { user: 'op' },
  )
  expect(bare.stdout).toMatch(/^root\n {2}Installed: \(none\)\n {2}Candidate: 1\.7\.24/)
})

test('a node whose machine never starts is a failure that shows its console, and can be ended', async () => {
  const wrong = labs.labUp({ name: 'wrong', kind: 'vm', nodes: 1, cpu: 'no-such-cpu', say })
  await expect(wrong).rejects.toMatchObject({
    code: 'lab',
    message: expect.stringContaining("unable to find CPU model 'no-such-cpu'"),
  })
  expect(await labs.labDown('wrong')).toBe(true)
})

test('they end without a trace', async () => {
  await Promise.all(['kvm', 'plain'].map((name) => labs.labDown(name)))
  expect(tracesOf({ names: [folder, ...ids], networks: [], locks: [] }).filter((line) => line !== folder)).toEqual([])
  expect(await Promise.all(ids.map((id) => cgroupPids(id)))).toEqual([[], []])
})
