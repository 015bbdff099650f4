import { expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import type { Blob } from '../../../lib/host/kind.ts'
import { runStage } from '../../../lib/testing/index.ts'
import { archive, machine, objectsOf } from './machine.ts'

const runc: Blob = { sha256: 'c'.repeat(64), size: 1, from: '/x', name: 'runc.amd64' }
const cni = (version: string): Blob => ({ ...runc, name: `cni-plugins-linux-amd64-v${version}.tgz` })

test('runc is one program in a tree of its own, and goes before the machine’s', () => {
  const objects = objectsOf('installing', machine({}, { ...archive, resources: { ...archive.resources, runc } }))
  const tree = `/usr/local/lib/kcharm/runc-${'c'.repeat(12)}`
  expect(objects).toContainEqual({ kind: 'archive', path: tree, blob: runc, prefix: 'bin', program: 'runc' })
  expect(objects).toContainEqual({ kind: 'link', path: '/usr/local/sbin/runc', target: `${tree}/runc` })
})

test('a machine without runc is let through when it is given', () => {
  const bare = { 'containerd:runc': false }
  expect(runStage(containerd, 'inspecting', machine(bare, archive)).blocked?.message).toMatch(/no runc/)
  const given = { ...archive, resources: { ...archive.resources, runc } }
  expect(runStage(containerd, 'inspecting', machine(bare, given)).blocked).toBeUndefined()
})

test.each([
  ['0.8.7', 15],
  ['1.1.1', 16],
  ['1.3.0', 17],
  ['1.9.1', 18],
])('the plugins of %s are linked one by one into the folder that networks share', (version, count) => {
  const objects = objectsOf('installing', machine({}, { resources: { 'cni-plugins': cni(version) } }))
  const links = objects.filter((each) => each.kind === 'link')
  expect(links).toHaveLength(count)
  expect(links).toContainEqual({
    kind: 'link',
    path: '/opt/cni/bin/loopback',
    target: `/usr/local/lib/kcharm/cni-plugins-${version}/loopback`,
  })
})

test('another runc is no reason to restart containerd', () => {
  const reads = (resources: Record<string, Blob>) =>
    objectsOf('configuring', machine({}, { resources }))
      .find((each) => each.kind === 'service')
      ?.reads.map(({ key }) => key)
  expect(reads({ runc, 'cni-plugins': cni('1.9.1') })).toEqual(reads({}))
})
